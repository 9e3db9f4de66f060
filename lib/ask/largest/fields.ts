import { fieldAt } from "../../scenario/field_list.ts";
import { whyMeaningless } from "../../scenario/needs.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Problem } from "../../scenario/problem.ts";
import { shown } from "../../scenario/problem.ts";
import type { Scenario } from "../../scenario/schema.ts";
import {
  MAX_LAYERS,
  MAX_SEQUENCES,
  MAX_TOKENS,
} from "../../scenario/limits.ts";
import type { WholeBounds } from "../../scenario/values_of.ts";
import { valueAt } from "../../scenario/walk.ts";
import { hasPool } from "../over_gpus.ts";

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

/** Fields that are searched most thoroughly, by their paths. */
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

/** The path of one of them. */
export type InversePath = keyof typeof INVERSE_FIELDS;

/** The batch and the length of a task: what {@linkcode largest} is asked first. */
export const ASKED = {
  train: { batch: "train.micro_batch", sequence: "train.sequence_length" },
  serve: { batch: "serve.batch", sequence: "serve.input_tokens" },
} as const satisfies Record<
  Scenario["task"],
  { batch: InversePath; sequence: InversePath }
>;

/** The field of which not the largest but the least value is asked for. */
export const FEWEST = "parallel.gpus";

/** More GPUs are not tried. */
const MOST_GPUS = 1024;

/** Fields whose whole numbers stand beside words, by their paths. */
const WORDED: Readonly<Record<string, WholeBounds>> = {
  "serve.gpu_layers": { least: 0, most: MAX_LAYERS },
};

/** A field to ask for, or what is wrong with a path. */
export function inverseField(
  path: unknown,
  scenario: Scenario,
): Result<InverseField> {
  const { task } = scenario;
  const refuse = (why: string) => ({
    ok: false as const,
    problems: [{
      path: "field",
      message:
        `field must be a whole number of a scenario for task ${task}, such as ${
          Object.values(ASKED[task]).join(" or ")
        }: current value is ${shown(path)}${why}`,
    }],
  });
  if (typeof path !== "string") return refuse("");
  if (path === FEWEST) {
    const most = MOST_GPUS;
    return { ok: true, value: { least: 1, most, task, context: false } };
  }
  if (Object.hasOwn(INVERSE_FIELDS, path)) {
    const own = INVERSE_FIELDS[path as InversePath];
    return own.task === task ? { ok: true, value: own } : refuse("");
  }
  const field = fieldAt(path);
  const bounds = field?.whole_numbers ?? WORDED[path];
  if (!field || !bounds) return refuse("");
  if (path.startsWith("model.")) return refuse(", which is the model's own");
  if (path.startsWith("parallel.")) {
    return refuse(`; of how the work is spread, ${FEWEST} can be asked for`);
  }
  const missing = whyMeaningless(field.needs, (at) => valueAt(scenario, at));
  if (missing !== null) return refuse(`, which means nothing where ${missing}`);
  const context = path === "serve.max_model_len";
  const { input_tokens, output_tokens } = scenario.serve;
  // A request as long as the scenario's has to be taken.
  const least = context ? input_tokens + output_tokens : bounds.least;
  return { ok: true, value: { ...bounds, least, task, context } };
}

/** What is wrong with a path whose largest value is asked for; null if nothing. */
export function fieldProblem(
  field: unknown,
  scenario: Scenario,
): Problem | null {
  const found = inverseField(field, scenario);
  return found.ok ? null : found.problems[0] ?? null;
}

/** What a person asks how far it can go, the batch and the length first. */
export function howFar(scenario: Scenario): string[] {
  const { task, train, serve } = scenario;
  const { batch, sequence } = ASKED[task];
  return [
    batch,
    sequence,
    ...(task === "train" && train.method !== "full" ? ["train.lora.rank"] : []),
    ...(task === "serve" && hasPool(scenario) ? ["serve.max_model_len"] : []),
    ...(task === "serve" && serve.engine === "llama.cpp"
      ? ["serve.cache_tokens", "serve.gpu_layers"]
      : []),
    FEWEST,
  ].filter((path) => inverseField(path, scenario).ok);
}
