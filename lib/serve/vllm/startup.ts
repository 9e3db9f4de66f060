import type { ServingGpu } from "../engine.ts";
import type { AskedVllm } from "./asked.ts";
import { USUAL_BLOCK } from "./attention_blocks.ts";
import type { VllmBudget } from "./budget.ts";
import { budgetOf } from "./budget.ts";
import { lengthOf } from "./length.ts";
import type { VllmPlan } from "./plan.ts";
import { planOn } from "./plan.ts";
import type { BlockPlan, BlockPool } from "./pool.ts";
import { longestWithin, poolOf, requestBlocks } from "./pool.ts";
import {
  batchRefusal,
  blockRefusal,
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
  readonly pool: BlockPool;
  /** Bytes to spare beside one sequence as long as can be; below 0, what lacks. */
  readonly headroom: number;
  /** The longest sequence that the pool takes. */
  readonly longest: number;
  /** The least share of the GPU with which it starts; null where none is enough. */
  readonly least: number | null;
}

/** What one sequence as long as can be takes of the tightest stage's pool. */
interface LongestRequest {
  readonly blocks: number;
  /** Bytes of a block there, and of what is there but the block held back. */
  readonly blockBytes: number;
  readonly usable: number;
}

/** Starts vLLM on a GPU. */
export function startOn(asked: AskedVllm, gpu: ServingGpu): VllmStart {
  const plan = planOn(asked, gpu);
  const { options } = plan;
  const blocks = plan.pool ?? emptyPlan(plan);
  const budget = budgetOf(asked, plan, blocks, gpu);
  const pool = poolOf(blocks, budget.available, options.max_model_len);
  const request = longestRequest(blocks, budget, options.max_model_len);
  const longest = blocks.groups.length === 0
    ? options.max_model_len
    : longestWithin(blocks, pool.blocks - 1, options.max_model_len);
  const refusal = refusalOf(asked, plan, { budget, request, longest });
  return {
    plan,
    refusal,
    pool,
    headroom: headroomOf(budget, request, refusal === null),
    longest,
    least: leastShare(plan, blocks, budget, request),
  };
}

function emptyPlan({ stages }: VllmPlan): BlockPlan {
  return {
    groups: [],
    stages: [],
    blockBytes: stages.map(() => 0),
    bounds: { inFlight: 0, dcp: 1 },
  };
}

function longestRequest(
  plan: BlockPlan,
  { available }: VllmBudget,
  length: number,
): LongestRequest {
  let tightest = 0;
  let fewest = Infinity;
  for (const [stage, bytes] of plan.blockBytes.entries()) {
    const blocks = bytes === 0 ? Infinity : (available[stage] ?? 0) / bytes;
    if (blocks < fewest) [tightest, fewest] = [stage, blocks];
  }
  const blockBytes = plan.blockBytes[tightest] ?? 0;
  return {
    blocks: requestBlocks(plan, length),
    blockBytes,
    // One block is held back for what is masked.
    usable: (available[tightest] ?? 0) - blockBytes,
  };
}

/** What loading and profiling take at most, and a pool that was asked for. */
function heldBytes({ peaks, available, isAsked }: VllmBudget): number {
  return Math.max(
    ...peaks.map((peak, at) => peak + (isAsked ? available[at] ?? 0 : 0)),
  );
}

/**
 * Why it does not start, if it does not: what is looked at first comes first.
 *
 * Source: vllm-project/vllm 0.33 config, v1/worker/gpu_worker.py,
 * v1/core/kv_cache_planning.py
 */
function refusalOf(
  { question }: AskedVllm,
  { options, pool }: VllmPlan,
  { budget, request, longest }: {
    readonly budget: VllmBudget;
    readonly request: LongestRequest;
    readonly longest: number;
  },
): string | null {
  const { max_model_len, max_num_batched_tokens, max_num_seqs } = options;
  const { most } = lengthOf(question.model);
  const { total, free, requested } = budget;
  if (most !== null && max_model_len > most) {
    return lengthRefusal(max_model_len, most);
  }
  if (max_num_batched_tokens < max_num_seqs) {
    return batchRefusal(max_num_batched_tokens, max_num_seqs);
  }
  const block = question.scenario.serve.block_size;
  if (block !== null && block % USUAL_BLOCK !== 0) return blockRefusal(block);
  if (pool === null) return UNLIKE_PAGES;
  if (free < requested) {
    const utilization = options.gpu_memory_utilization;
    return freeRefusal({ free, total, utilization, requested });
  }
  const needed = heldBytes(budget);
  if (needed > free) return loadRefusal({ needed, free, total });
  if (pool.groups.length === 0) return null;
  if (request.usable <= 0) return NO_CACHE;
  const bytes = request.blocks * request.blockBytes;
  return bytes > request.usable
    ? cacheRefusal({
      maxModelLen: max_model_len,
      needed: bytes,
      available: request.usable,
      longest,
    })
    : null;
}

/** What is left where it starts is not below 0, nor above where it does not. */
function headroomOf(
  budget: VllmBudget,
  { blocks, blockBytes, usable }: LongestRequest,
  starts: boolean,
): number {
  const spare = Math.min(
    usable - blocks * blockBytes,
    budget.free - Math.max(budget.requested, heldBytes(budget)),
  );
  return Math.floor(
    starts ? Math.max(0, usable - blocks * blockBytes) : Math.min(-1, spare),
  );
}

/** Hundredths that utilizations are told in. */
const HUNDREDTHS = 100;

function leastShare(
  { stages }: VllmPlan,
  { blockBytes }: BlockPlan,
  { total, free, peaks }: VllmBudget,
  { blocks }: LongestRequest,
): number | null {
  const wanted = stages.map(({ graphs }, at) =>
    (peaks[at] ?? 0) + graphs + (blocks + 1) * (blockBytes[at] ?? 0)
  );
  const least = Math.ceil(Math.max(...wanted) / total * HUNDREDTHS) /
    HUNDREDTHS;
  return least <= 1 && total * least <= free ? least : null;
}
