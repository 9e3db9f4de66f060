import { cacheFormat } from "../scenario/cache_format.ts";
import type { Scenario } from "../scenario/schema.ts";
import { formatCount, groupDigits } from "../units/mod.ts";
import type { RunModel } from "./run.ts";

/** A scenario with its model: what two runs are compared by. */
export interface Point {
  scenario: Scenario;
  model: RunModel;
}

/** What a run has of each thing that runs are compared by. */
export interface RunTraits {
  task: Scenario["task"];
  values: readonly unknown[];
}

/** One thing in which runs differ, and how much that matters. */
interface Feature<V = unknown> {
  name: string;
  task: Scenario["task"] | "both";
  of(point: Point): V;
  /** 0 for the same; 1 is as far as twice the tokens. */
  distance(a: V, b: V): number;
  /** What a run has, for "it has this, not that". */
  text(value: V): string;
}

/**
 * What memory hangs on most, in the order in which differences are told. The
 * weights are chosen, not fitted: doubling the tokens or the parameters counts
 * as 1, and a setting as much as it usually moves the peak beside that.
 */
const FEATURES: readonly Feature[] = [
  feature<RunModel>({
    name: "model",
    task: "both",
    of: ({ model }) => model,
    distance: (a, b) =>
      a.type === b.type && a.parameters === b.parameters
        ? 0
        : 0.5 + (a.type === b.type ? 0 : 0.5) +
          doublings(a.parameters, b.parameters),
    text: ({ type, parameters }) => `${type} ${formatCount(parameters)}`,
  }),
  choice("training", "train", 3, ({ train }) => train.method),
  choice("checkpointing", "train", 2, ({ train }) => train.checkpointing),
  feature<[sequences: number, length: number]>({
    name: "tokens per GPU",
    task: "train",
    of: ({ scenario: { train } }) => [train.micro_batch, train.sequence_length],
    distance: (a, b) => doublings(a[0] * a[1], b[0] * b[1]),
    text: ([sequences, length]) => `${sequences} × ${groupDigits(length)}`,
  }),
  choice("serving with", "serve", 3, ({ serve }) => serve.engine),
  feature<number>({
    name: "tokens in the cache",
    task: "serve",
    of: ({ scenario: { serve } }) =>
      serve.cache_tokens ??
        serve.batch * (serve.input_tokens + serve.output_tokens),
    distance: doublings,
    text: groupDigits,
  }),
  choice("cache in", "serve", 0.5, cacheFormat),
  feature<string>({
    name: "quantised weights",
    task: "both",
    of: ({ scenario }) => weightFormat(scenario),
    distance: (a, b) => a === b ? 0 : bits(a) === bits(b) ? 0.25 : 1.5,
    text: (format) => format,
  }),
  choice("weights in", "both", 1, ({ precision }) => precision.weights),
  choice(
    "autocast",
    "train",
    1,
    ({ precision }) => precision.autocast ?? "none",
  ),
  choice(
    "optimizer",
    "train",
    1,
    ({ optimizer }) => `${optimizer.name}, ${optimizer.bits} bits`,
  ),
  feature<Adapters | null>({
    name: "adapters",
    task: "train",
    of: ({ scenario: { train } }) =>
      train.method === "full" ? null : adaptersOf(train.lora),
    // Whether there are any is the way to train, which counts by itself.
    distance: (a, b) =>
      a === null || b === null ? 0 : 0.1 * doublings(a.rank, b.rank) +
        (a.targets === b.targets ? 0 : 0.25) + (a.dora === b.dora ? 0 : 0.5),
    text: (adapters) =>
      adapters === null
        ? "none"
        : `${
          adapters.dora ? "DoRA" : "LoRA"
        } of rank ${adapters.rank} on ${adapters.targets}`,
  }),
  choice(
    "gradients",
    "train",
    0.5,
    ({ train }) =>
      train.gradient_accumulation > 1 ? "accumulated" : "of one forward",
  ),
  choice("loss", "train", 0.5, ({ train }) => train.loss),
  choice("kernels", "train", 0.5, ({ train }) => train.kernels),
  choice("attention", "train", 0.5, ({ train }) => train.attention),
  feature<number>({
    name: "GPUs",
    task: "both",
    of: ({ scenario }) => scenario.parallel.gpus,
    distance: (a, b) => ((a > 1) === (b > 1) ? 0 : 1) + 0.5 * doublings(a, b),
    text: String,
  }),
  choice("split by", "both", 1, splitOf),
];

/** What a run has of each feature, worked out once. */
export function runTraitsOf(point: Point): RunTraits {
  return {
    task: point.scenario.task,
    values: FEATURES.map((each) => each.of(point)),
  };
}

/**
 * Runs that others are compared with. Many share what they have of a feature, so
 * its distance is worked out once for each value rather than for each run.
 */
export class ComparedRuns {
  readonly #traits: readonly RunTraits[];
  /** For each feature: its values, and which of them each run has. */
  readonly #columns: readonly { values: unknown[]; places: Uint16Array }[];

  /** @param traits Of each run, at most 65,536 of them. */
  constructor(traits: readonly RunTraits[]) {
    this.#traits = traits;
    this.#columns = FEATURES.map((_, at) =>
      columnOf(traits.map(({ values }) => values[at]))
    );
  }

  /**
   * How unlike each run is, in their order: 0 for the same settings, infinite
   * for another task.
   */
  distancesFrom(asked: RunTraits): Float64Array {
    const distances = Float64Array.from(
      this.#traits,
      ({ task }) => task === asked.task ? 0 : Infinity,
    );
    for (const [at, { values, places }] of this.#columns.entries()) {
      const feature = FEATURES[at];
      if (!feature || !counts(feature, asked)) continue;
      const apart = values.map((value) =>
        feature.distance(asked.values[at], value)
      );
      for (let run = 0; run < distances.length; run++) {
        distances[run] = (distances[run] as number) +
          (apart[places[run] as number] as number);
      }
    }
    return distances;
  }
}

function columnOf(
  all: readonly unknown[],
): { values: unknown[]; places: Uint16Array } {
  const placeOf = new Map<string, number>();
  const values: unknown[] = [];
  const places = Uint16Array.from(all, (value) => {
    const key = JSON.stringify(value);
    const known = placeOf.get(key);
    if (known !== undefined) return known;
    placeOf.set(key, values.length);
    return values.push(value) - 1;
  });
  return { values, places };
}

/** In what another run differs: "checkpointing full, not none". */
export function runDifferencesOf(asked: RunTraits, other: RunTraits): string[] {
  return FEATURES.flatMap((each, at) => {
    const [own, its] = [asked.values[at], other.values[at]];
    return !counts(each, asked) || each.distance(own, its) === 0
      ? []
      : [`${each.name} ${each.text(its)}, not ${each.text(own)}`];
  });
}

/** Whether runs of a task are compared by a feature. */
function counts({ task }: Feature, asked: RunTraits): boolean {
  return task === "both" || task === asked.task;
}

/** A feature among others, whose values only it knows. */
function feature<V>(of: Feature<V>): Feature {
  return of as Feature;
}

/** A setting that is the same or not. */
function choice(
  name: string,
  task: Feature["task"],
  weight: number,
  of: (scenario: Scenario) => string,
): Feature {
  return feature<string>({
    name,
    task,
    of: ({ scenario }) => of(scenario),
    distance: (a, b) => a === b ? 0 : weight,
    text: (value) => value,
  });
}

function doublings(a: number, b: number): number {
  return Math.abs(Math.log2(a / b));
}

/** QLoRA is over NF4 unless told otherwise. */
function weightFormat({ train, task, quantization }: Scenario): string {
  const qlora = task === "train" && train.method === "qlora";
  const { weights } = quantization;
  return qlora && weights === "none" ? "nf4" : weights ?? "none";
}

/** The digit in a format's name: 4 for "nf4-dq", "gguf:Q4_K_M" and "exl3:4.0". */
function bits(format: string): string {
  return format.replace(/^exl[23]:/, "").match(/\d/)?.[0] ?? "16";
}

interface Adapters {
  rank: number;
  dora: boolean;
  targets: string;
}

function adaptersOf(
  { rank, dora, targets }: Scenario["train"]["lora"],
): Adapters {
  return {
    rank,
    dora,
    targets: typeof targets === "string"
      ? targets
      : targets.toSorted().join(", "),
  };
}

function splitOf({ parallel, engine }: Scenario): string {
  if (parallel.gpus === 1) return "nothing";
  const stage = engine.zero_stage > 0 ? ` stage ${engine.zero_stage}` : "";
  return `${engine.name}${stage}, tp ${parallel.tp}, pp ${parallel.pp}`;
}
