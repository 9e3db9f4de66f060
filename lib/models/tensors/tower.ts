import type { Model } from "../model.ts";
import type { Tensor } from "./tensor.ts";

/** Whether a tensor is of a tower of images or sounds beside the decoder. */
export function isOfTower({ piece }: Tensor): boolean {
  return piece === "vision_tower" || piece === "audio_tower";
}

/** Whether a model has a tower of images or sounds beside its decoder. */
export function hasTower({ tensors }: Model): boolean {
  return tensors.some(isOfTower);
}
