import type { Estimate } from "../../answer/estimate.ts";
import type { Serving } from "../../answer/serving.ts";
import type { ErrorCause, FilledField } from "../../answer/explanation.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { valueAt } from "../../scenario/walk.ts";
import { GIB } from "../../units/mod.ts";
import { estimateScenario } from "../estimate.ts";
import { withSet } from "../with_set.ts";
import { causesOf } from "./causes.ts";
import type { ReadError } from "./read_error.ts";
import { tokensOfLogits } from "./sized_tensors.ts";

/** A scenario with what was found of it. */
export interface FoundCauses {
  readonly scenario: Scenario;
  readonly estimate: Estimate;
  readonly causes: ErrorCause[];
  /** Fields that the figures tell. */
  readonly more: readonly FilledField[];
  /** Whether somebody said on which GPU it ran, or the text's figures do. */
  readonly isGpuKnown: boolean;
}

/** Finds the causes in a scenario, completed by what the text's figures tell. */
export function foundIn(
  read: ReadError,
  scenario: Scenario,
  model: Model,
  estimate: Estimate,
): FoundCauses {
  const { input, isGiven } = read;
  const isKnown = isGiven ||
    ["hardware.gpu", "hardware.gpus"].some((path) =>
      valueAt(input ?? {}, path) !== undefined
    );
  const onGpu = gpuOfCache(read, scenario, model, estimate);
  const own = onGpu ?? {
    scenario,
    estimate,
    more: [],
    isGpuKnown: isKnown,
  };
  return withTokens(read, own, model);
}

/**
 * The causes; where nobody said how many tokens there are and the loss failed, with as
 * many as make its logits so large.
 */
function withTokens(
  { reading, input }: ReadError,
  own: Omit<FoundCauses, "causes">,
  model: Model,
): FoundCauses {
  const { scenario, estimate } = own;
  const path = scenario.task === "train"
    ? "train.sequence_length"
    : "serve.input_tokens";
  const isOpen = valueAt(input ?? {}, path) === undefined;
  const found = causesOf(reading, scenario, model, estimate, isOpen);
  const plain = { ...own, causes: [...found.causes] };
  const { failure: { tried, kind }, moment } = reading;
  const isLogits = isOpen && tried && kind === "allocation" &&
    scenario.task === "train" && moment?.name === "loss" && !found.isExact;
  const tokens = isLogits ? tokensOfLogits(model, tried) : null;
  const each = tokens === null ? 0 : tokens / scenario.train.micro_batch;
  const most = model.architecture.max_position_embeddings ?? Infinity;
  if (tokens === null || !Number.isInteger(each) || each > most) return plain;
  const changed = withSet(scenario, { [path]: each });
  const again = estimateScenario(changed, model);
  if (!again.ok) return plain;
  const { causes } = causesOf(reading, changed, model, again.value, false);
  const from = "the size that was asked for, as logits";
  return {
    ...own,
    scenario: changed,
    estimate: again.value,
    causes: [...causes],
    more: [...own.more, { path, value: each, from }],
  };
}

/**
 * The GPU of a cache that vLLM refused, where nobody says which: what it left for the
 * cache is its share of the memory, less what it has beside by the estimate.
 *
 * Source: vllm-project/vllm v1/worker/gpu_worker.py, determine_available_memory
 */
function gpuOfCache(
  { reading: { failure }, input }: ReadError,
  scenario: Scenario,
  model: Model,
  { serve }: Estimate,
): Omit<FoundCauses, "causes"> | null {
  const { tool, kind, free } = failure;
  const path = "hardware.gpu";
  const isAsked = tool === "vLLM" && kind === "cache" && free !== null &&
    valueAt(input ?? {}, path) === undefined;
  if (!isAsked || !serve || serve.engine !== "vllm") return null;
  let onGpu = { scenario, serve };
  let found: Estimate | null = null;
  // Defaults of the engine are other ones on a smaller GPU.
  for (let round = 0; round < ROUNDS; round++) {
    const total = totalOf(onGpu.serve, free.bytes);
    if (total === null) return null;
    const gpu = { memory_gib: Number((total / GIB).toFixed(2)) };
    const changed = { ...scenario, hardware: { ...scenario.hardware, gpu } };
    const again = estimateScenario(changed, model);
    if (!again.ok || !again.value.serve) return null;
    found = again.value;
    onGpu = { scenario: changed, serve: again.value.serve };
  }
  return found && {
    scenario: onGpu.scenario,
    estimate: found,
    more: [{
      path,
      value: onGpu.scenario.hardware.gpu,
      from:
        "what was left for the cache, and what stands beside it by the estimate",
    }],
    isGpuKnown: true,
  };
}

/** How often a GPU is found by what stands on the one before. */
const ROUNDS = 3;

/** The memory of which an engine's share leaves so much for its cache. */
function totalOf(
  { weights_bytes, compute_bytes, graph_bytes, outside_bytes, settings }:
    Serving,
  left: number,
): number | null {
  const share = settings["gpu_memory_utilization"];
  const beside = weights_bytes + compute_bytes + graph_bytes + outside_bytes;
  return typeof share === "number" && share > 0
    ? (left + beside) / share
    : null;
}
