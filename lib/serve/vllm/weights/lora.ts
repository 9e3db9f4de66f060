import { matricesOf } from "../../../formats/matrices.ts";
import { isUsuallyPacked } from "../../../formats/packable.ts";
import type { Model } from "../../../models/model.ts";
import type { Tensor } from "../../../models/tensors/tensor.ts";
import type { RankLayout } from "./rank_shape.ts";
import { rankShapeOf } from "./rank_shape.ts";

/** Slots for adapters. */
export interface AdapterSlots {
  readonly count: number;
  readonly rank: number;
}

/** The largest rank of an adapter where nobody says: config/lora.py. */
export const USUAL_RANK = 16;

/**
 * Bytes that the slots of adapters take at one copy of a tensor: both matrices of
 * each, of the largest rank. The first is not parted; of the second a rank has its
 * share of outputs.
 *
 * Source: vllm-project/vllm 0.33 lora/layers, create_lora_weights
 */
export function adapterBytes(
  tensor: Tensor,
  model: Model,
  layout: RankLayout,
  { slots, elementBytes }: {
    readonly slots: AdapterSlots;
    readonly elementBytes: number;
  },
): number {
  if (tensor.role !== "head" && !isUsuallyPacked(tensor)) return 0;
  const { architecture } = model;
  const { axis, share, experts } = rankShapeOf(tensor, architecture, layout);
  const { count, outputs, inputs } = matricesOf(tensor, architecture.type);
  const isRow = axis === 1 && tensor.module !== "conv1d" ||
    tensor.role === "down";
  // The head's second matrix is as long as the whole vocabulary.
  const shareOfOutputs = isRow || tensor.role === "head" ? 1 : share;
  const numbers = slots.rank * (isRow ? inputs * share : inputs) +
    slots.rank * outputs * shareOfOutputs;
  return Math.round(slots.count * count * experts * numbers * elementBytes);
}
