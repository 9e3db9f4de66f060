import type { ModelBuffer, Tensor } from "../../lib/models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../../lib/models/tensors/tensor.ts";

/** A model as tools/truth records it. */
export interface Truth {
  name: string;
  model_type: string;
  class: string;
  config: Record<string, unknown>;
  total: number;
  buffer_bytes: number;
  tensors: [name: string, shape: number[], copies: number][];
}

export function bufferBytes(buffers: readonly ModelBuffer[]): number {
  return buffers.reduce(
    (sum, buffer) =>
      sum + elementsOf(buffer) * copiesOf(buffer) * buffer.bytes_per_element,
    0,
  );
}

export function parametersOf(tensors: readonly Tensor[]): number {
  return tensors.reduce(
    (sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor),
    0,
  );
}

/** Copies by name and shape, with N for every number in a name. */
export function tally(tensors: readonly Tensor[]): Record<string, number> {
  const copies: Record<string, number> = {};
  for (const tensor of tensors) {
    const key = `${tensor.name.replaceAll(/\.\d+(?=\.|$)/g, ".N")} ${
      JSON.stringify(tensor.shape)
    }`;
    copies[key] = (copies[key] ?? 0) + copiesOf(tensor);
  }
  return sorted(copies);
}

/** The same of a record. */
export function expected({ tensors }: Truth): Record<string, number> {
  return sorted(Object.fromEntries(
    tensors.map((
      [name, shape, copies],
    ) => [`${name} ${JSON.stringify(shape)}`, copies]),
  ));
}

function sorted(copies: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(copies).sort(([a], [b]) => a < b ? -1 : 1),
  );
}
