import type { Tensor } from "../models/tensors/tensor.ts";

/** Whether a tensor is the matrix of a product, which a config may have packed. */
export function isProduct(
  { name, shape, module, role, expert }: Tensor,
): boolean {
  if (shape.length < 2 || /bias$/.test(name)) return false;
  if (expert) return true;
  if (module === "linear" || module === "conv1d") return true;
  return role === "router" && name.endsWith(".weight");
}

/** Whether a tensor is a table of embeddings. */
export function isTable({ module, shape }: Tensor): boolean {
  return module === "embedding" && shape.length === 2;
}

/** Whether quantisers pack a matrix where nobody says which: what attends and MLPs. */
export function isUsuallyPacked(tensor: Tensor): boolean {
  const { piece, role, expert, quantized, shape } = tensor;
  if (piece !== "language_model" || role === "router") return false;
  return quantized || (expert && shape.length === 3 && isProduct(tensor));
}
