import type { Traced } from "./traced.ts";

/** Traced steps that share their configs, and what all of them say. */
export interface VariedFile {
  readonly common: Readonly<Record<string, unknown>>;
  readonly configs: Readonly<Record<string, unknown>>;
  readonly steps: readonly {
    readonly name: string;
    readonly config: string;
    readonly scenario: Readonly<Record<string, unknown>>;
    readonly bytes: Readonly<Record<string, number>>;
  }[];
}

/** Each step as a scenario of its model's config. */
export function variedSteps(file: unknown): Traced[] {
  const { common, configs, steps } = file as VariedFile;
  return steps.map(({ name, config, scenario, bytes }) => ({
    name,
    scenario: {
      ...common,
      ...scenario,
      task: "train",
      model: { config: configs[config] },
    } as unknown as Traced["scenario"],
    bytes: { ...bytes },
  }));
}

/** Those of text alone. */
export function variedTexts(file: unknown): Traced[] {
  return variedSteps(file).filter(({ scenario }) =>
    !scenario.train?.images_per_sample && !scenario.train?.video_frames
  );
}
