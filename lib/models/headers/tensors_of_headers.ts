import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf, elementsOf } from "../tensors/tensor.ts";
import { dtypeBits } from "./dtype_bits.ts";
import { groupTensors } from "./group_tensors.ts";
import type { HeaderHints } from "./hints_of_config.ts";
import { NO_HINTS } from "./hints_of_config.ts";
import type { HeaderTensor, LogicalTensor } from "./header_tensor.ts";
import { roleOfName } from "./role_of_name.ts";
import { unpackTensors } from "./unpack_tensors.ts";

/** What the headers of a checkpoint tell. */
export interface CheckpointTensors {
  /** As the model has them: unpacked, one entry for a stack's layers. */
  tensors: Tensor[];
  /** Parameters of the model; scales and the like are none. */
  parameters: number;
  /** Bytes of all tensors on disk, scales and the like included. */
  bytes: number;
  /** The same bytes by type. */
  dtypes: Record<string, number>;
  /** What the reader has to know about how the headers were understood. */
  notes: string[];
}

/**
 * Builds a model's tensors from the headers of its safetensors checkpoint,
 * whatever its architecture: names tell the layers, roles and storage.
 *
 * @param headers Every tensor of every file.
 */
export function tensorsOfHeaders(
  headers: readonly HeaderTensor[],
  { tied, bits, group }: HeaderHints = NO_HINTS,
): CheckpointTensors {
  const unique = [
    ...new Map(headers.map((tensor) => [tensor.name, tensor])).values(),
  ];
  const dtypes: Record<string, number> = {};
  const unknown = new Set<string>();
  for (const { dtype, shape } of headers) {
    const width = dtypeBits(dtype);
    if (width === null) unknown.add(dtype);
    dtypes[dtype] = (dtypes[dtype] ?? 0) +
      Math.ceil(elementsOf({ shape }) * (width ?? 0) / 8);
  }
  const { tensors: stored, schemes } = unpackTensors(unique, {
    bits,
    group,
  });
  const { kept, note } = withoutCopies(stored, tied);
  const tensors = groupTensors(kept);
  return {
    tensors,
    parameters: tensors.reduce(
      (sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor),
      0,
    ),
    bytes: Object.values(dtypes).reduce((sum, bytes) => sum + bytes, 0),
    dtypes,
    notes: [
      ...note,
      ...(schemes.length > 0
        ? [`The checkpoint is quantised: ${schemes.join(", ")}`]
        : []),
      ...(unique.length < headers.length
        ? [
          `${
            headers.length - unique.length
          } tensors are in more than one file; they are counted once`,
        ]
        : []),
      ...[...unknown].map((dtype) =>
        `The checkpoint has tensors of an unknown type, ${
          JSON.stringify(dtype.slice(0, 40))
        }: their bytes are not counted`
      ),
    ],
  };
}

/** A head that repeats the embedding is no tensor of its own when tied. */
function withoutCopies(
  tensors: readonly LogicalTensor[],
  tied: boolean | null,
): { kept: readonly LogicalTensor[]; note: string[] } {
  const embeddings = tensors.filter(({ name }) =>
    roleOfName(name) === "embedding"
  );
  const heads = tensors.filter(({ name, shape }) =>
    roleOfName(name) === "head" && shape.length === 2 &&
    embeddings.some((embedding) => `${embedding.shape}` === `${shape}`)
  );
  const [head] = heads;
  if (!head || tied === false) return { kept: tensors, note: [] };
  return tied
    ? {
      kept: tensors.filter((tensor) => !heads.includes(tensor)),
      note: [
        `${head.name} repeats the embedding that it is tied to; it is counted once`,
      ],
    }
    : {
      kept: tensors,
      note: [
        `${head.name} has the embedding's shape; it is counted as a tensor of its own`,
      ],
    };
}
