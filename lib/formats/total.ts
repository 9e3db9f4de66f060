import { copiesOf } from "../models/tensors/tensor.ts";
import type { StoredTensor } from "./stored_model.ts";

/** Bytes of one copy of a stored tensor. */
export function bytesOfOne({ pieces }: StoredTensor): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Bytes of stored tensors, all layers' together. */
export function bytesOfTensors(tensors: readonly StoredTensor[]): number {
  return tensors.reduce(
    (sum, stored) => sum + bytesOfOne(stored) * copiesOf(stored.tensor),
    0,
  );
}
