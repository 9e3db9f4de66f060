import type { Architecture } from "../architecture.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf, elementsOf } from "../tensors/tensor.ts";
import { architectureOfGguf } from "./architecture_of_gguf.ts";
import { ggmlType } from "./ggml_types.ts";
import type { GgufHeader } from "./gguf_header.ts";
import { groupTensors } from "./group_tensors.ts";
import type { CheckpointTensors } from "./tensors_of_headers.ts";

/** Types of unknown width that a note names. */
const MAX_NAMED = 3;

/** Tables that llama.cpp computes when it converts a model. */
const TABLES = /(^|\.)rope_(freqs|factors_(long|short))(\.weight)?$/;

/**
 * Builds a model's tensors and dimensions from the header of a GGUF file.
 * Shapes come out in PyTorch's order, names as GGUF has them.
 *
 * @returns `dtypes` holds bytes by ggml type, such as "Q4_K".
 * @throws {TooManyKinds} When the tensors are of more kinds than any model has.
 */
export function tensorsOfGguf(
  { metadata, tensors: listed }: GgufHeader,
): CheckpointTensors & { architecture: Architecture } {
  const dtypes: Record<string, number> = {};
  const unknown = new Set<number>();
  for (const { type, shape } of listed) {
    const known = ggmlType(type);
    if (!known) {
      unknown.add(type);
      continue;
    }
    const [row = 1, ...rows] = shape;
    dtypes[known.name] = (dtypes[known.name] ?? 0) +
      Math.ceil(row / known.elements) * known.bytes *
        elementsOf({ shape: rows });
  }
  const tensors: Tensor[] = groupTensors(
    listed.filter(({ name }) => !TABLES.test(name)).map((
      { name, shape, type },
    ) => ({
      name,
      shape: [...shape].reverse(),
      packed: ggmlType(type)?.quantized ?? true,
    })),
  );
  return {
    tensors,
    architecture: architectureOfGguf(metadata, tensors),
    parameters: tensors.reduce(
      (sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor),
      0,
    ),
    bytes: Object.values(dtypes).reduce((sum, bytes) => sum + bytes, 0),
    dtypes,
    notes: unknown.size === 0 ? [] : [
      `The file has tensors of ggml type ${
        [...unknown].slice(0, MAX_NAMED).join(", ")
      }${
        unknown.size > MAX_NAMED ? ` and ${unknown.size - MAX_NAMED} more` : ""
      }, which is not known: their bytes are not counted`,
    ],
  };
}
