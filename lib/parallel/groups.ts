import type { Axis } from "../answer/traffic.ts";
import type { Mesh } from "./mesh.ts";

/** Ranks that talk to each other, by what they share. */
export type CollectiveGroup =
  | "data"
  | "shards"
  | "shards after forward"
  | "replicas"
  | "tensor"
  | "expert tensor"
  | "context"
  | "expert"
  | "expert data"
  | "pipeline"
  | "ends of the pipeline";

/** Ranks that talk to each other: every `stride`-th GPU, `size` of them. */
export interface RankGroup {
  readonly axis: Axis;
  readonly size: number;
  readonly stride: number;
  /** Who sends to whom: round a ring, everyone to everyone, or down a line. */
  readonly shape: "ring" | "all" | "line";
}

/** The groups of ranks of a program. */
export type RankGroups = Readonly<Record<CollectiveGroup, RankGroup>>;

/**
 * The groups of a mesh as Megatron lays ranks out: tensor parallel ranks beside
 * each other, then context, data and pipeline parallel ones ("tp-cp-ep-dp-pp",
 * Megatron-LM, megatron/core/parallel_state.py). The data group holds context
 * parallel ranks too, which have the same parameters, and is all who share shards
 * unless an engine says otherwise.
 *
 * @param etp Ranks that an expert's matrices are cut over; null: tensor parallel ones.
 */
export function groupsOf(
  { gpus, tp, cp, dp, pp, ep }: Mesh,
  etp: number | null = null,
): RankGroups {
  const replicas = dp * cp;
  const inner = etp ?? tp;
  const data = ringOf("data", replicas, tp);
  return {
    data,
    shards: data,
    "shards after forward": data,
    replicas: ringOf("data", 1, tp * replicas),
    tensor: ringOf("tensor", tp, 1),
    "expert tensor": ringOf("tensor", inner, 1),
    context: ringOf("context", cp, tp),
    expert: { axis: "expert", size: ep, stride: inner, shape: "all" },
    "expert data": ringOf(
      "data",
      Math.max(1, Math.floor(gpus / (inner * ep * pp))),
      inner * ep,
    ),
    pipeline: {
      axis: "pipeline",
      size: pp,
      stride: tp * replicas,
      shape: "line",
    },
    "ends of the pipeline": ringOf(
      "pipeline",
      Math.min(2, pp),
      (pp - 1) * tp * replicas,
    ),
  };
}

/** Ranks that send round a ring. */
export function ringOf(axis: Axis, size: number, stride: number): RankGroup {
  return { axis, size, stride, shape: "ring" };
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
