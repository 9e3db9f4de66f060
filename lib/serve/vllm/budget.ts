import type { ServingGpu } from "../engine.ts";
import type { AskedVllm } from "./asked.ts";
import type { StagePlan, VllmPlan } from "./plan.ts";
import type { BlockPlan } from "./pool.ts";

/** What vLLM finds of a GPU's memory, and what it leaves its pool, in bytes. */
export interface VllmBudget {
  readonly total: number;
  /** Free when vLLM first looks. */
  readonly free: number;
  /** The share that it asks for. */
  readonly requested: number;
  /** What loading and the profile run take at most, by stages. */
  readonly peaks: readonly number[];
  /** What each stage has for its pool. */
  readonly available: readonly number[];
  /** Whether that is what somebody asked for, whatever the share leaves. */
  readonly isAsked: boolean;
}

/** What stays of a stage once it has loaded and been profiled, pool and graphs apart. */
export function residentBytes(
  { loaded, sampler, workspace, inputs }: StagePlan,
): number {
  return loaded.parameters + loaded.copies + loaded.tables + loaded.adapters +
    sampler + workspace + inputs;
}

/**
 * What the share of a GPU leaves for the cache.
 *
 * Source: vllm-project/vllm 0.33 v1/worker/gpu_worker.py,
 * determine_available_memory; v1/worker/utils.py, request_memory
 */
export function budgetOf(
  { question: { scenario: { serve } } }: AskedVllm,
  { options, stages, kernels, outside, block }: VllmPlan,
  blocks: BlockPlan,
  { usable: total }: ServingGpu,
): VllmBudget {
  const requested = Math.ceil(total * options.gpu_memory_utilization);
  const peaks = stages.map((stage) =>
    kernels + residentBytes(stage) + stage.transient
  );
  const left = stages.map(({ graphs }, at) =>
    serve.kv_cache_bytes ?? requested - (peaks[at] ?? 0) - graphs
  );
  return {
    total,
    free: Math.max(0, total - outside),
    requested,
    peaks,
    available: serve.cache_tokens === null
      ? left
      : bytesFor(serve.cache_tokens, blocks, block),
    isAsked: serve.kv_cache_bytes !== null || serve.cache_tokens !== null,
  };
}

/** A pool of so many tokens, as num_gpu_blocks_override has it. */
function bytesFor(
  tokens: number,
  { blockBytes }: BlockPlan,
  block: number,
): readonly number[] {
  const blocks = Math.ceil(tokens / block);
  return blockBytes.map((bytes) => blocks * bytes);
}
