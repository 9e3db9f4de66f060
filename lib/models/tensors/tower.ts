import type { Model } from "../model.ts";

/** Whether a model has a tower of images or sounds beside its decoder. */
export function hasTower({ tensors }: Model): boolean {
  return tensors.some(({ piece }) =>
    piece === "vision_tower" || piece === "audio_tower"
  );
}
