import { ggmlTypeNamed } from "../../models/headers/ggml_types.ts";
import type { Model } from "../../models/model.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../../models/tensors/tensor.ts";
import { APART } from "./converted.ts";
import type { GgufModel, GgufWeight } from "./gguf_model.ts";
import { sizedWeight } from "./sized_weight.ts";

/** What the converter of a tower writes in F32: positions, and SigLIP's embeddings. */
const SINGLE = /norm|pos_embed|position_embedding|\.embeddings\./;

/**
 * A model's vision and audio towers and their projectors as llama.cpp has them, in
 * a file of their own: mmproj, in F16.
 *
 * Source: llama.cpp conversion/base.py, MmprojModel.tensor_force_quant.
 *
 * @returns The file; null for a model of text alone.
 */
export function towerGguf({ tensors }: Model): GgufModel | null {
  const weights = tensors.filter(({ piece }) => APART.has(piece)).map(
    towerWeight,
  );
  return weights.length === 0 ? null : {
    type: "F16",
    weights,
    tied: false,
    bytes: weights.reduce(
      (sum, weight) => sum + weight.bytes * copiesOf(weight),
      0,
    ),
    basis: "derived",
    notes: [],
  };
}

function towerWeight(tensor: Tensor): GgufWeight {
  const { name, shape, layers, role } = tensor;
  const isSingle = shape.length < 2 || role === "position" ||
    SINGLE.test(name) || /[._]bias$/.test(name);
  const row = shape[shape.length - 1] ?? 1;
  return sizedWeight(ggmlTypeNamed(isSingle ? "F32" : "F16"), {
    name,
    tensor,
    place: "layer",
    layers,
    expert: false,
    row,
    rows: elementsOf(tensor) / row,
    matrices: 1,
  });
}
