import type { Mesh } from "../parallel/mesh.ts";
import type { Axis } from "../answer/traffic.ts";

/** Ranks that talk to each other: every `stride`-th GPU, `size` of them. */
export interface RankGroup {
  axis: Axis;
  size: number;
  stride: number;
  /** Who sends to whom: round a ring, everyone to everyone, or down a line. */
  shape: "ring" | "all" | "line";
}

/**
 * The groups of a mesh as Megatron lays ranks out: tensor parallel ranks beside
 * each other, then context, data and pipeline parallel ones ("tp-cp-ep-dp-pp",
 * Megatron-LM, megatron/core/parallel_state.py). The data group holds context
 * parallel ranks too, which have the same parameters.
 */
export function groupsOf({ tp, cp, dp, pp, ep }: Mesh): {
  tensor: RankGroup;
  context: RankGroup;
  data: RankGroup;
  pipeline: RankGroup;
  expert: RankGroup;
  /** Ranks that hold the same experts. */
  expertData: RankGroup;
  /** Whether tensor parallel ranks split each expert, or hold experts of their own. */
  splitsExperts: boolean;
} {
  const replicas = dp * cp;
  const splitsExperts = replicas % ep === 0;
  const inner = splitsExperts ? tp : 1;
  return {
    tensor: { axis: "tensor", size: tp, stride: 1, shape: "ring" },
    context: { axis: "context", size: cp, stride: tp, shape: "ring" },
    data: { axis: "data", size: replicas, stride: tp, shape: "ring" },
    pipeline: {
      axis: "pipeline",
      size: pp,
      stride: tp * replicas,
      shape: "line",
    },
    expert: { axis: "expert", size: ep, stride: inner, shape: "all" },
    expertData: {
      axis: "data",
      size: Math.max(1, Math.floor(tp * replicas / (inner * ep))),
      stride: inner * ep,
      shape: "ring",
    },
    splitsExperts,
  };
}

/**
 * The share of what a GPU of a group sends that leaves its node.
 *
 * Round a ring, one of a node's members sends to the next node; over NCCL's many
 * rings they take turns, so that each sends one n-th there. To everyone, it is
 * the share of the others who are elsewhere. Down a line, a stage beside another
 * node sends one of its two directions there.
 *
 * @param gpus GPUs in all.
 * @param perNode GPUs of a node.
 */
export function networkShare(
  { size, stride, shape }: RankGroup,
  gpus: number,
  perNode: number,
): number {
  if (size <= 1 || gpus <= perNode) return 0;
  const inNode = Math.max(
    1,
    Math.floor(greatestCommonDivisor(perNode, size * stride) / stride),
  );
  if (inNode >= size) return 0;
  switch (shape) {
    case "ring":
      return 1 / inNode;
    case "all":
      return (size - inNode) / (size - 1);
    case "line":
      return inNode === 1 ? 1 : 1 / 2;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
