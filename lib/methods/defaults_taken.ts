import type { Model } from "../models/model.ts";
import { DEFAULT_SCENARIO } from "../scenario/default_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Leaf } from "../scenario/walk.ts";
import { leavesOf } from "../scenario/walk.ts";
import { isBitsandbytes } from "../software/bitsandbytes/formats.ts";
import { isCovered } from "./uncovered.ts";
import { unused } from "./unused.ts";
import { weightFormat } from "../scenario/weight_format.ts";

/**
 * Fields without which nothing could be estimated and which nobody has to give,
 * the first to look at first. What is off until somebody turns it on, such as
 * offloading, is not among them.
 */
const WHEN_TRAINING: readonly string[] = [
  "train.method",
  "train.sequence_length",
  "train.micro_batch",
  "train.checkpointing",
  "train.attention",
  "train.loss",
  "train.kernels",
  "train.lora.targets",
  "train.lora.rank",
  "train.lora.adapter_dtype",
  "train.images_per_sample",
  "precision.weights",
  "quantization.weights",
  "quantization.kbit_upcast",
  "optimizer.name",
  "optimizer.bits",
  "parallel.gpus",
  "hardware.gpu",
];

const WHEN_SERVING: readonly string[] = [
  "serve.engine",
  "serve.batch",
  "serve.input_tokens",
  "serve.output_tokens",
  "serve.kv_dtype",
  "precision.weights",
  "quantization.weights",
  "parallel.gpus",
  "hardware.gpu",
];

const DEFAULTS: ReadonlyMap<string, unknown> = new Map(
  leavesOf(DEFAULT_SCENARIO).map(({ path, value }) => [path, value]),
);

/**
 * Names the settings that an answer rests on and that have their defaults, in
 * one line; none where there is no such setting. Whether somebody wrote a
 * default down makes no difference: a scenario's address leaves it out.
 *
 * @param changes The fields that differ from their defaults.
 * @param covered Dotted paths of the fields that the method models.
 */
export function defaultsTaken(
  scenario: Scenario,
  model: Model,
  changes: readonly Leaf[],
  covered: ReadonlySet<string>,
): string[] {
  const given = changes.map(({ path }) => path);
  const paths = (scenario.task === "train" ? WHEN_TRAINING : WHEN_SERVING)
    .filter((path) => isCovered(path, covered))
    .filter((path) =>
      !given.some((each) => each === path || each.startsWith(`${path}.`))
    )
    .filter((path) => matters(path, scenario, model));
  const asked = paths.map((path) => ({ path, value: DEFAULTS.get(path) }));
  const meaningless = unused(scenario, asked);
  const taken = asked.filter(({ path }) => !meaningless.has(path))
    .map(({ path, value }) => `${path} ${wordOf(path, value, scenario)}`);
  return taken.length === 0 ? [] : [`Defaults: ${taken.join(", ")}`];
}

function matters(path: string, scenario: Scenario, model: Model): boolean {
  if (path === "train.images_per_sample") {
    return model.architecture.vision !== null;
  }
  if (path === "quantization.kbit_upcast") return isBitsandbytes(scenario);
  return path !== "quantization.weights" || scenario.task === "serve" ||
    weightFormat(scenario) !== "none";
}

function wordOf(path: string, value: unknown, scenario: Scenario): string {
  if (path === "quantization.weights") {
    return scenario.quantization.weights === null
      ? "as published"
      : weightFormat(scenario);
  }
  if (path === "quantization.kbit_upcast") {
    return `${value} (what is not packed in fp32)`;
  }
  return path === "train.lora.targets"
    ? `${value} (PEFT's own)`
    : String(value);
}
