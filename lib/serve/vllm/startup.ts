import type { ServingGpu } from "../engine.ts";
import type { AskedVllm } from "./asked.ts";
import { lengthOf } from "./length.ts";
import type { StagePlan, VllmPlan } from "./plan.ts";
import { planOn } from "./plan.ts";
import type { BlockPool } from "./pool.ts";
import { longestWithin, poolOf, requestBlocks } from "./pool.ts";
import {
  batchRefusal,
  cacheRefusal,
  freeRefusal,
  lengthRefusal,
  loadRefusal,
  NO_CACHE,
  UNLIKE_PAGES,
} from "./refusals.ts";

/** How vLLM starts on a GPU. */
export interface VllmStart {
  readonly plan: VllmPlan;
  /** Null when it starts. */
  readonly refusal: string | null;
  /** Bytes that each stage has for its pool. */
  readonly available: readonly number[];
  readonly pool: BlockPool;
  /** Bytes to spare beside one sequence as long as can be; below 0, what lacks. */
  readonly headroom: number;
  /** The longest sequence that the pool takes. */
  readonly longest: number;
  /** The least share of the GPU with which it starts; null where none is enough. */
  readonly least: number | null;
}

/** What stays of a stage once it has loaded and been profiled, pool and graphs apart. */
export function residentBytes(
  { loaded, sampler, workspace, inputs }: StagePlan,
) {
  return loaded.parameters + loaded.copies + loaded.tables + loaded.adapters +
    sampler + workspace + inputs;
}

/**
 * Starts vLLM on a GPU.
 *
 * Source: vllm-project/vllm 0.33 v1/worker/gpu_worker.py,
 * determine_available_memory; v1/worker/utils.py, request_memory;
 * v1/core/kv_cache_planning.py, get_kv_cache_configs
 */
export function startOn(asked: AskedVllm, gpu: ServingGpu): VllmStart {
  const plan = planOn(asked, gpu);
  const { serve } = asked.question.scenario;
  const { options, stages, pool, kernels, outside } = plan;
  const total = gpu.usable;
  const free = Math.max(0, total - outside);
  const requested = Math.ceil(total * options.gpu_memory_utilization);
  const consumed = stages.map((stage) => kernels + residentBytes(stage));
  const peaks = stages.map(({ transient }, at) =>
    (consumed[at] ?? 0) + transient
  );
  const byHand = serve.kv_cache_bytes;
  const available = stages.map(({ graphs }, at) =>
    byHand ?? requested - (peaks[at] ?? 0) - graphs
  );
  const plain = pool ?? {
    groups: [],
    stages: [],
    blockBytes: stages.map(() => 0),
    bounds: { inFlight: 0, dcp: 1 },
  };
  const made = poolOf(plain, available, options.max_model_len);
  // One block is held back for what is masked.
  const blocks = Math.max(0, made.blocks - 1);
  const needed = requestBlocks(plain, options.max_model_len);
  const tightest = tightestOf(plain.blockBytes, available);
  const blockBytes = plain.blockBytes[tightest] ?? 0;
  const checked = (available[tightest] ?? 0) - blockBytes;
  const keeps = plain.groups.length > 0;
  const longest = keeps
    ? longestWithin(plain, blocks, options.max_model_len)
    : options.max_model_len;
  const most = Math.max(...peaks);
  const { most: longestModel } = lengthOf(asked.question.model);
  const refusal = (): string | null => {
    if (longestModel !== null && options.max_model_len > longestModel) {
      return lengthRefusal(options.max_model_len, longestModel);
    }
    if (options.max_num_batched_tokens < options.max_num_seqs) {
      return batchRefusal(
        options.max_num_batched_tokens,
        options.max_num_seqs,
      );
    }
    if (pool === null) return UNLIKE_PAGES;
    if (free < requested && byHand === null) {
      return freeRefusal({
        free,
        total,
        utilization: options.gpu_memory_utilization,
        requested,
      });
    }
    const held = byHand === null ? 0 : byHand;
    if (most + held > free) {
      return loadRefusal({ needed: most + held, free, total });
    }
    if (!keeps) return null;
    if (checked <= 0) return NO_CACHE;
    return needed * blockBytes > checked
      ? cacheRefusal({
        maxModelLen: options.max_model_len,
        needed: needed * blockBytes,
        available: checked,
        longest,
      })
      : null;
  };
  const said = refusal();
  const least = leastShare(plan, { total, free, needed, peaks });
  return {
    plan,
    refusal: said,
    available,
    pool: made,
    headroom: headroomOf({
      starts: said === null,
      spare: Math.min(
        checked - needed * blockBytes,
        free - (byHand === null ? requested : most + byHand),
      ),
    }),
    longest,
    least,
  };
}

/** What is left where it starts is not below 0, nor above where it does not. */
function headroomOf(
  { starts, spare }: { readonly starts: boolean; readonly spare: number },
): number {
  return Math.floor(starts ? Math.max(0, spare) : Math.min(-1, spare));
}

/** The stage that has the fewest blocks. */
function tightestOf(
  blockBytes: readonly number[],
  available: readonly number[],
): number {
  let tightest = 0;
  let fewest = Infinity;
  for (const [stage, bytes] of blockBytes.entries()) {
    const blocks = bytes === 0 ? Infinity : (available[stage] ?? 0) / bytes;
    if (blocks < fewest) [tightest, fewest] = [stage, blocks];
  }
  return tightest;
}

/** Hundredths that utilizations are told in. */
const HUNDREDTHS = 100;

function leastShare(
  { stages, pool }: VllmPlan,
  { total, free, needed, peaks }: {
    readonly total: number;
    readonly free: number;
    readonly needed: number;
    readonly peaks: readonly number[];
  },
): number | null {
  const wanted = stages.map(({ graphs }, at) =>
    (peaks[at] ?? 0) + graphs + (needed + 1) * (pool?.blockBytes[at] ?? 0)
  );
  const least = Math.ceil(Math.max(...wanted) / total * HUNDREDTHS) /
    HUNDREDTHS;
  return least <= 1 && total * least <= free ? least : null;
}
