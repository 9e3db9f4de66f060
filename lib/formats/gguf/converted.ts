import type { Model } from "../../models/model.ts";
import type { LayerRange, ModelPiece } from "../../models/tensors/tensor.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";
import type { ConvertedTensor } from "./converted_tensor.ts";
import { draftTensors } from "./drafts.ts";
import { ggufNameOf } from "./names.ts";
import { partsOf } from "./parts.ts";
import { rotaryTables } from "./tables.ts";

/** Pieces that llama.cpp has in a file of their own: mmproj. */
export const APART: ReadonlySet<ModelPiece> = new Set<ModelPiece>([
  "vision_tower",
  "audio_tower",
  "projector",
]);

/** The norm behind attention, of its output or of what the MLP reads. */
const AFTER_ATTENTION = /\.post_attention_layernorm\.weight$/;

/** What lies with the first layer, though it belongs to none. */
const FIRST: readonly LayerRange[] = [[0, 1, 1]];

/**
 * A model's tensors as llama.cpp's converter writes them: under its names, fused
 * ones apart, experts in a stack; towers are left to their own file.
 */
export function convertedTensors(model: Model): readonly ConvertedTensor[] {
  const converted: ConvertedTensor[] = rotaryTables(model);
  const normsOutputs = model.tensors.some(({ name }) =>
    name.endsWith(".post_feedforward_layernorm.weight")
  );
  for (const tensor of model.tensors) {
    if (APART.has(tensor.piece)) continue;
    const { stem: usual, ending, place, isKnown } = ggufNameOf(tensor.name);
    // Where halves' outputs are normed, this is no norm of the second's input.
    const stem = normsOutputs && AFTER_ATTENTION.test(tensor.name)
      ? "blk.N.post_attention_norm"
      : usual;
    for (const { stem: own, ...part } of partsOf(model, tensor, stem)) {
      // Several of what belongs to no layer are written as a stack.
      const stacked = place === "layer" ? 1 : copiesOf(tensor);
      converted.push({
        row: part.row,
        rows: part.rows * stacked,
        matrices: part.matrices * stacked,
        dimensions: stacked > 1 ? 3 : part.dimensions,
        name: own + ending,
        tensor,
        place,
        layers: place === "layer" ? tensor.layers ?? FIRST : null,
        expert: tensor.expert,
        isKnown: isKnown || part.dimensions < 2,
      });
    }
  }
  return [...converted, ...draftTensors(model, converted)];
}
