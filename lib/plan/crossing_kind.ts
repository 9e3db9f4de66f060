import type { Tensor } from "../models/tensors/tensor.ts";
import type { LayerKind } from "./stacks.ts";

/** Its gate, which no other layer has. */
export const GATE = "cross_attn_attn_gate";

/** Whether a layer attends to features of images, by its tensors' names. */
export function isCrossing({ tensors }: LayerKind): boolean {
  return tensors.has(GATE);
}

/** Whether a tensor is what tells such a layer. */
export function isOfCrossing({ name }: Tensor): boolean {
  return name.endsWith(`.${GATE}`);
}
