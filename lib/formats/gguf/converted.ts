import type { Model } from "../../models/model.ts";
import type { LayerRange, Tensor } from "../../models/tensors/tensor.ts";
import type { GgufPlace } from "./gguf_model.ts";
import { ggufNameOf } from "./names.ts";
import type { GgufPart } from "./parts.ts";
import { partsOf } from "./parts.ts";

/** A tensor of a GGUF file before its type is chosen. */
export interface ConvertedTensor extends Omit<GgufPart, "stem"> {
  readonly name: string;
  readonly tensor: Tensor;
  readonly place: GgufPlace;
  readonly layers: readonly LayerRange[] | null;
  readonly expert: boolean;
}

/** Pieces that llama.cpp has in a file of their own: mmproj. */
const APART = new Set(["vision_tower", "audio_tower", "projector"]);

/** What lies with the first layer, though it belongs to none. */
const FIRST: readonly LayerRange[] = [[0, 1, 1]];

/**
 * A model's tensors as llama.cpp's converter writes them: under its names, fused
 * ones apart, experts in a stack; towers are left to their own file.
 */
export function convertedTensors(model: Model): readonly ConvertedTensor[] {
  const converted: ConvertedTensor[] = [];
  for (const tensor of model.tensors) {
    if (APART.has(tensor.piece)) continue;
    const { stem, ending, place } = ggufNameOf(tensor.name);
    for (const { stem: own, ...part } of partsOf(model, tensor, stem)) {
      converted.push({
        ...part,
        name: own + ending,
        tensor,
        place,
        layers: tensor.layers ?? (place === "layer" ? FIRST : null),
        expert: tensor.expert,
      });
    }
  }
  return converted;
}
