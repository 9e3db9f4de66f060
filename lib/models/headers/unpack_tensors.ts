import { besideBytes, headerBytes } from "./stored_bytes.ts";
import type { Role } from "../tensors/tensor.ts";
import { isCounterType, isNarrowFloat, isScaleType } from "./dtype_bits.ts";
import type { HeaderTensor, LogicalTensor } from "./header_tensor.ts";
import type { NameKind, NameKinds } from "./name_kinds.ts";
import type { BitPacking } from "./packed_bits.ts";
import { hiddenOf, packingOf } from "./packed_bits.ts";
import type { PackedStorage } from "./packed_schemes.ts";
import { SCHEMES } from "./packed_schemes.ts";

/** The tensors of a model, and how the checkpoint stores them. */
export interface Unpacked {
  tensors: LogicalTensor[];
  /** What the name of each tells. */
  kinds: NameKind[];
  /** Names of the packing schemes that were met. */
  schemes: string[];
}

/** What nearly every packed checkpoint has. */
const USUAL_BITS = 4;

const FROM_HIDDEN = new Set<Role>([
  "q",
  "k",
  "v",
  "qkv",
  "gate",
  "up",
  "gate_up",
]);
const TO_HIDDEN = new Set<Role>(["o", "down"]);

/**
 * Undoes the storage of a checkpoint: GPTQ, AWQ, bitsandbytes, fp8, MXFP4 and
 * NVFP4, compressed-tensors, MLX, HQQ. What lies beside the weights is left out, as
 * are buffers that old checkpoints stored.
 *
 * @param headers Every tensor by its name.
 * @param names What their names tell.
 * @param stated How the config says that weights are packed.
 */
export function unpackTensors(
  headers: ReadonlyMap<string, HeaderTensor>,
  names: NameKinds,
  stated: BitPacking = { bits: null, group: null },
): Unpacked {
  const listed = [...headers.values()];
  const found = listed.map(({ name }) => names.of(name));
  const hidden = hiddenOf(listed, found);
  const told = packingOf(headers, names, hidden);
  const storage = storageOf(headers, {
    bits: told.bits ?? stated.bits ?? USUAL_BITS,
    group: told.group ?? stated.group,
  });
  const hasHqq = headers.keys().some((name) => name.endsWith(".W_q"));
  const isKept = (tensor: HeaderTensor, kind: NameKind): boolean =>
    isBeside(tensor, kind, storage) || isBuffer(tensor, kind) ||
    (hasHqq && !kind.hqq &&
      storage.find(`${moduleOf(tensor.name)}.W_q`) !== undefined);
  const schemes = new Set<string>();
  const tensors: LogicalTensor[] = [];
  const kinds: NameKind[] = [];
  const beside: HeaderTensor[] = [];
  for (const [at, kind] of found.entries()) {
    const tensor = listed[at];
    if (tensor === undefined) continue;
    const stored = { dtype: tensor.dtype, bytes: headerBytes(tensor) };
    const packing = packedBy(tensor, storage);
    if (packing) {
      const unpacked = names.of(packing.tensor.name);
      schemes.add(packing.scheme);
      kinds.push(unpacked);
      tensors.push({
        ...shaped(packing.tensor, unpacked, hidden),
        packed: true,
        stored,
      });
    } else if (!isKept(tensor, kind)) {
      const { name, shape, dtype } = tensor;
      const packed = shape.length >= 2 &&
        (isNarrowFloat(dtype) || dtype === "I8");
      if (packed) {
        schemes.add(dtype === "I8" ? "8-bit integers" : "8-bit floats");
      }
      kinds.push(kind);
      tensors.push({ name, shape, packed, stored });
    } else beside.push(tensor);
  }
  return {
    tensors: withBeside(tensors, beside),
    kinds,
    schemes: [...schemes],
  };
}

/** Tensors with the bytes of what stands beside them. */
function withBeside(
  tensors: readonly LogicalTensor[],
  beside: readonly HeaderTensor[],
): LogicalTensor[] {
  if (beside.length === 0) return [...tensors];
  const bytes = besideBytes(beside, new Set(tensors.map(({ name }) => name)));
  return tensors.map((tensor) => {
    const more = bytes.get(tensor.name);
    return more === undefined || !tensor.stored ? tensor : {
      ...tensor,
      stored: { ...tensor.stored, bytes: tensor.stored.bytes + more },
    };
  });
}

const EACH_SCHEME = Object.entries(SCHEMES);

function packedBy(
  tensor: HeaderTensor,
  storage: PackedStorage,
): { scheme: string; tensor: Omit<LogicalTensor, "packed"> } | null {
  for (const [scheme, unpack] of EACH_SCHEME) {
    const unpacked = unpack(tensor, storage);
    if (unpacked) return { scheme, tensor: unpacked };
  }
  return null;
}

/** A flat weight in two dimensions, where its role tells one of them. */
function shaped(
  tensor: Omit<LogicalTensor, "packed">,
  { role }: NameKind,
  hidden: number | null,
): Omit<LogicalTensor, "packed"> {
  const [elements = 0] = tensor.shape;
  if (tensor.shape.length !== 1 || !hidden || elements % hidden !== 0) {
    return tensor;
  }
  if (FROM_HIDDEN.has(role)) {
    return { ...tensor, shape: [elements / hidden, hidden] };
  }
  return TO_HIDDEN.has(role)
    ? { ...tensor, shape: [hidden, elements / hidden] }
    : tensor;
}

function isBeside(
  { name, dtype }: HeaderTensor,
  { beside, besideEnding: ending }: NameKind,
  storage: PackedStorage,
): boolean {
  if (beside || isScaleType(dtype)) return true;
  if (ending === null) return false;
  const base = name.slice(0, -ending.length);
  return [`${base}.weight`, `${base}.qweight`, `${base}_blocks`, base].some(
    (each) => {
      const weight = storage.find(each);
      return weight !== undefined && isStoredNarrow(weight.dtype);
    },
  );
}

function moduleOf(name: string): string {
  return name.slice(0, name.lastIndexOf("."));
}

function isStoredNarrow(dtype: string): boolean {
  return isNarrowFloat(dtype) || /^[IU](8|32)$/.test(dtype);
}

/** GPT-NeoX names a mask like a bias: only the mask has dimensions. */
function isBuffer(
  { name, dtype, shape }: HeaderTensor,
  { buffer }: NameKind,
): boolean {
  if (isCounterType(dtype)) return true;
  return buffer && (!name.endsWith(".bias") || shape.length > 1);
}

const STATE = ".quant_state.";

function storageOf(
  byName: ReadonlyMap<string, HeaderTensor>,
  packing: { bits: number; group: number | null },
): PackedStorage {
  const beginnings = new Set<string>();
  for (const name of byName.keys()) {
    const at = name.lastIndexOf(STATE);
    if (at !== -1) beginnings.add(name.slice(0, at + STATE.length));
  }
  return {
    find: (name) => byName.get(name),
    hasBeginning: (beginning) => beginnings.has(beginning),
    ...packing,
  };
}
