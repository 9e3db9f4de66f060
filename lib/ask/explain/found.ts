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

/** How often a GPU is corrected by what the estimate leaves for a cache on it. */
const ROUNDS = 4;

/** Tokens of a sequence that surely fits, where the message tells none. */
const SHORT = 2048;

/**
 * The GPU of a cache that vLLM refused, where nobody says which: the one on which the
 * estimate leaves as much for the cache as the message says.
 *
 * Source: vllm-project/vllm v1/worker/gpu_worker.py, determine_available_memory
 */
function gpuOfCache(
  { reading: { failure }, input }: ReadError,
  scenario: Scenario,
  model: Model,
  { serve }: Estimate,
): Omit<FoundCauses, "causes"> | null {
  const { tool, kind, free, tokens } = failure;
  const path = "hardware.gpu";
  const isAsked = tool === "vLLM" && kind === "cache" && free !== null &&
    valueAt(input ?? {}, path) === undefined;
  if (!isAsked || !serve || serve.engine !== "vllm") return null;
  const short = withSet(scenario, {
    "serve.max_model_len": tokens?.room ?? SHORT,
  });
  let total = totalOf(serve, free.bytes);
  for (let round = 0; round < ROUNDS && total !== null; round++) {
    const on = estimateScenario(onGpu(short, total), model);
    const pool = on.ok ? on.value.serve?.kv_pool_bytes ?? null : null;
    if (pool === null) break;
    total += (free.bytes - pool) / shareOf(serve);
  }
  if (total === null) return null;
  const changed = onGpu(scenario, total);
  const again = estimateScenario(changed, model);
  return again.ok
    ? {
      scenario: changed,
      estimate: again.value,
      more: [{
        path,
        value: changed.hardware.gpu,
        from:
          "what was left for the cache, and what stands beside it by the estimate",
      }],
      isGpuKnown: true,
    }
    : null;
}

function onGpu(scenario: Scenario, bytes: number): Scenario {
  const gpu = { memory_gib: Number((bytes / GIB).toFixed(2)) };
  return { ...scenario, hardware: { ...scenario.hardware, gpu } };
}

/** The share of the GPU that an engine takes; 0 where it takes none. */
function shareOf({ settings }: Serving): number {
  const share = settings["gpu_memory_utilization"];
  return typeof share === "number" ? share : 0;
}

/** About the memory of which an engine's share leaves so much for its cache. */
function totalOf(serve: Serving, left: number): number | null {
  const { weights_bytes, compute_bytes, graph_bytes, outside_bytes } = serve;
  const beside = weights_bytes + compute_bytes + graph_bytes + outside_bytes;
  const share = shareOf(serve);
  return share > 0 ? (left + beside) / share : null;
}
