import type { StoredModel, StoredTensor } from "../stored_model.ts";
import type { GgufModel, GgufWeight } from "./gguf_model.ts";

/** A GGUF file's tensors as a checkpoint's. */
export function storedGguf(
  { type, weights, bytes, basis, notes }: GgufModel,
): StoredModel {
  return {
    scheme: `GGUF ${type}`,
    tensors: weights.map(storedWeight),
    buffers: [],
    bytes,
    basis,
    notes,
  };
}

function storedWeight(
  { name, tensor, layers, type, row, rows, matrices, bytes }: GgufWeight,
): StoredTensor {
  const shape = matrices > 1
    ? [matrices, rows / matrices, row]
    : rows > 1
    ? [rows, row]
    : [row];
  return {
    tensor: { ...tensor, layers, shape },
    format: type.name,
    packing: null,
    matrices: null,
    pieces: [{ name, bytes, dtype: type.name }],
  };
}
