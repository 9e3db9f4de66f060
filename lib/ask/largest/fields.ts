import type { Problem } from "../../scenario/problem.ts";
import { shown } from "../../scenario/problem.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { MAX_SEQUENCES, MAX_TOKENS } from "../../scenario/limits.ts";

/** A field whose largest value can be asked for. */
export interface InverseField {
  /** Its bounds in a Scenario. */
  least: number;
  most: number;
  /** What it matters to. */
  task: Scenario["task"];
  /** Whether it counts tokens that the model's context bounds. */
  context: boolean;
}

/** Every field whose largest value can be asked for, by its path. */
export const INVERSE_FIELDS = {
  "train.micro_batch": {
    least: 1,
    most: MAX_SEQUENCES,
    task: "train",
    context: false,
  },
  "train.sequence_length": {
    least: 1,
    most: MAX_TOKENS,
    task: "train",
    context: true,
  },
  "serve.batch": {
    least: 1,
    most: MAX_SEQUENCES,
    task: "serve",
    context: false,
  },
  "serve.input_tokens": {
    least: 1,
    most: MAX_TOKENS,
    task: "serve",
    context: true,
  },
} as const satisfies Record<string, InverseField>;

/** The path of a field whose largest value can be asked for. */
export type InversePath = keyof typeof INVERSE_FIELDS;

/** The batch and the length of a task: what {@linkcode largest} is asked first. */
export const ASKED = {
  train: { batch: "train.micro_batch", sequence: "train.sequence_length" },
  serve: { batch: "serve.batch", sequence: "serve.input_tokens" },
} as const satisfies Record<
  Scenario["task"],
  { batch: InversePath; sequence: InversePath }
>;

/** What is wrong with a path whose largest value is asked for; null if nothing. */
export function fieldProblem(
  field: unknown,
  task: Scenario["task"],
): Problem | null {
  const names = (Object.keys(INVERSE_FIELDS) as InversePath[])
    .filter((path) => INVERSE_FIELDS[path].task === task);
  return names.some((name) => name === field) ? null : {
    path: "field",
    message: `field must be one of ${
      names.join(", ")
    } for task ${task}: current value is ${shown(field)}`,
  };
}
