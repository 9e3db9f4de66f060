import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import type { Trained } from "./rule.ts";
import { sidesOf } from "./rule.ts";

/** Rows, columns and the rank of a matrix that is projected. */
export function factorsOf(
  tensor: Trained,
  rank: number,
): { short: number; long: number; own: number } {
  const [rows, columns] = sidesOf(tensor);
  const [short, long] = [Math.min(rows, columns), Math.max(rows, columns)];
  return { short, long, own: Math.min(rank, short) };
}

/** Bytes of a projected matrix in the tensor's own type. */
export function projected(tensor: Trained, rank: number): number {
  const { long, own } = factorsOf(tensor, rank);
  return DTYPE_BYTES[tensor.dtype] * own * long;
}

/**
 * GaLore's projection. Of an fp32 gradient it is a view of all singular vectors,
 * which stay as long as it does; for other types a copy is cast.
 *
 * Source: galore_torch galore_projector.py, get_orthogonal_matrix
 */
export function projection(tensor: Trained, rank: number): number {
  const { short, own } = factorsOf(tensor, rank);
  return tensor.dtype === "fp32"
    ? 4 * short ** 2
    : DTYPE_BYTES[tensor.dtype] * own * short;
}

/** The gradient in fp32, its singular vectors, and those of the rank scaled. */
export function projectedAnew(tensor: Trained, rank: number): number {
  const { elements, dtype } = tensor;
  const { short, long, own } = factorsOf(tensor, rank);
  return (dtype === "fp32" ? 4 : 8) * elements + 4 * short ** 2 +
    4 * own * long;
}
