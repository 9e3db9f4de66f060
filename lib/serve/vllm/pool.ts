import type { BlockGroup, GroupShare } from "./groups.ts";
import { groupsOf } from "./groups.ts";
import type { RequestBounds, SpecLayers } from "./spec.ts";
import { blocksOf } from "./spec.ts";
import type { ServingStage } from "./stages.ts";
import { layersBefore } from "./stages.ts";

/** How a model's caches lie in vLLM's pool of blocks. */
export interface BlockPlan {
  readonly groups: readonly BlockGroup[];
  readonly stages: readonly ServingStage[];
  /** Bytes of a block on each stage of the pipeline. */
  readonly blockBytes: readonly number[];
  readonly bounds: RequestBounds;
}

/** @returns The plan, or null where pages of its layers cannot be made alike. */
export function poolPlanOf(
  kinds: readonly SpecLayers[],
  { stages, isUnified, bounds }: {
    readonly stages: readonly ServingStage[];
    readonly isUnified: boolean;
    readonly bounds: RequestBounds;
  },
): BlockPlan | null {
  const groups = groupsOf(kinds, isUnified);
  if (groups === null) return null;
  return {
    groups,
    blockBytes: stages.map((stage) =>
      groups.reduce(
        (largest, { shares }) =>
          Math.max(
            largest,
            shares.reduce((sum, share) => sum + bytesOn(stage, share), 0),
          ),
        0,
      )
    ),
    stages,
    bounds,
  };
}

/** Bytes of a block of the layers of a group that a stage holds. */
export function bytesOn(
  stage: ServingStage,
  { kind, groups, at }: GroupShare,
): number {
  const first = layersBefore(kind.layers, stage.from);
  const end = layersBefore(kind.layers, stage.to);
  // Every nth from `at` on, of the kind's layers first … end - 1.
  const upTo = (number: number) =>
    Math.max(0, Math.ceil((number - at) / groups));
  return (upTo(end) - upTo(first)) * kind.spec.page;
}

/** Blocks that a sequence of so many tokens takes of the pool. */
export function requestBlocks(
  { groups, bounds }: BlockPlan,
  tokens: number,
): number {
  return groups.reduce(
    (sum, { spec }) => sum + blocksOf(spec, tokens, bounds),
    0,
  );
}

/** A pool as vLLM makes it of the bytes that it has. */
export interface BlockPool {
  /** Of the stage that has the fewest; all have as many. */
  readonly blocks: number;
  /** Bytes of a stage's pool, by stages. */
  readonly bytes: readonly number[];
  /** Sequences as long as can be that fit at once. */
  readonly concurrency: number;
  /** What vLLM prints: concurrency times the longest sequence. */
  readonly tokens: number;
}

/** @param available Bytes that each stage has for its pool. */
export function poolOf(
  plan: BlockPlan,
  available: readonly number[],
  maxModelLen: number,
): BlockPool {
  const { blockBytes } = plan;
  if (plan.groups.length === 0) {
    return { blocks: 1, bytes: blockBytes, concurrency: 0, tokens: 0 };
  }
  const blocks = blockBytes.reduce(
    (fewest, bytes, stage) =>
      bytes === 0
        ? fewest
        : Math.min(fewest, Math.floor((available[stage] ?? 0) / bytes)),
    Infinity,
  );
  const whole = Math.max(0, Number.isFinite(blocks) ? blocks : 0);
  const concurrency = whole / Math.max(1, requestBlocks(plan, maxModelLen));
  return {
    blocks: whole,
    bytes: blockBytes.map((bytes) => bytes * whole),
    concurrency,
    tokens: Math.floor(concurrency * maxModelLen),
  };
}

/**
 * The longest sequence that fits so many blocks; 0 where not even one token does.
 *
 * @param most The longest that is asked for.
 */
export function longestWithin(
  plan: BlockPlan,
  blocks: number,
  most: number,
): number {
  if (requestBlocks(plan, 1) > blocks) return 0;
  let fits = 1;
  let low = 1;
  let high = most;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    if (requestBlocks(plan, middle) <= blocks) {
      fits = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return fits;
}
