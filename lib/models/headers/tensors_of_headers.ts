import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf, elementsOf } from "../tensors/tensor.ts";
import { dtypeBits } from "./dtype_bits.ts";
import { groupTensors } from "./group_tensors.ts";
import type { HeaderHints } from "./hints_of_config.ts";
import { NO_HINTS } from "./hints_of_config.ts";
import type { HeaderTensor, LogicalTensor } from "./header_tensor.ts";
import type { NameKind } from "./name_kinds.ts";
import { NameKinds } from "./name_kinds.ts";
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
 * @throws {TooManyKinds} When they are of more kinds than any model has.
 */
export function tensorsOfHeaders(
  headers: readonly HeaderTensor[],
  { tied, bits, group }: HeaderHints = NO_HINTS,
): CheckpointTensors {
  const unique = new Map<string, HeaderTensor>();
  for (const tensor of headers) unique.set(tensor.name, tensor);
  const dtypes: Record<string, number> = {};
  const unknown = new Set<string>();
  for (const { dtype, shape } of headers) {
    const width = dtypeBits(dtype);
    if (width === null) unknown.add(dtype);
    dtypes[dtype] = (dtypes[dtype] ?? 0) +
      Math.ceil(elementsOf({ shape }) * (width ?? 0) / 8);
  }
  const { tensors: stored, kinds, schemes } = unpackTensors(
    unique,
    new NameKinds(),
    { bits, group },
  );
  const { kept, note } = withoutCopies(stored, kinds, tied);
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
      ...(unique.size < headers.length
        ? [
          `${
            headers.length - unique.size
          } tensors are in more than one file; they are counted once`,
        ]
        : []),
      ...unknownTypes(unknown),
    ],
  };
}

/** A head that repeats the embedding is no tensor of its own when tied. */
function withoutCopies(
  tensors: readonly LogicalTensor[],
  kinds: readonly NameKind[],
  tied: boolean | null,
): { kept: readonly LogicalTensor[]; note: string[] } {
  const embeddings = new Set(
    tensors.filter((_, at) => kinds[at]?.role === "embedding")
      .map(({ shape }) => `${shape}`),
  );
  const heads = tensors.filter(({ shape }, at) =>
    kinds[at]?.role === "head" && shape.length === 2 &&
    embeddings.has(`${shape}`)
  );
  const [head] = heads;
  if (!head || tied === false) return { kept: tensors, note: [] };
  const copies = new Set(heads);
  return tied
    ? {
      kept: tensors.filter((tensor) => !copies.has(tensor)),
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

/** Types of unknown width that a note names. */
const MAX_NAMED = 3;

function unknownTypes(types: ReadonlySet<string>): string[] {
  if (types.size === 0) return [];
  const names = [...types].slice(0, MAX_NAMED)
    .map((dtype) => JSON.stringify(dtype.slice(0, 40)));
  const rest = types.size - names.length;
  return [
    `The checkpoint has tensors of an unknown type, ${names.join(", ")}${
      rest > 0 ? ` and ${rest} more` : ""
    }: their bytes are not counted`,
  ];
}
