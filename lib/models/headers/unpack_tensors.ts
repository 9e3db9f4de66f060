import type { Role } from "../tensors/tensor.ts";
import { isCounterType, isNarrowFloat, isScaleType } from "./dtype_bits.ts";
import type { HeaderTensor, LogicalTensor } from "./header_tensor.ts";
import type { Packing } from "./packed_bits.ts";
import { hiddenOf, packingOf } from "./packed_bits.ts";
import type { Storage } from "./packed_schemes.ts";
import { SCHEMES } from "./packed_schemes.ts";
import { roleOfName } from "./role_of_name.ts";

/** The tensors of a model, and how the checkpoint stores them. */
export interface Unpacked {
  tensors: LogicalTensor[];
  /** Names of the packing schemes that were met. */
  schemes: string[];
}

/** What nearly every packed checkpoint has. */
const USUAL_BITS = 4;

/** What quantisers keep beside a weight: scales, zeros, orders, states. */
const BESIDE = [
  /\.(qzeros|g_idx|SCB|weight_format)$/,
  /\.(weight|input|output)_scale(_inv|_2)?$|_scale_inv$|\.[kv]_scale$/,
  /\.(weight|input)_(global_scale|zero_point|shape|g_idx)$/,
  /\.(nested_)?(absmax|quant_map)$|\.quant_state\./,
];
/** What HQQ keeps of a layer that is no setting. */
const OF_HQQ = /\.(W_q|bias)$/;
/** The same, but only beside a weight that is packed or narrow. */
const PERHAPS_BESIDE = /[._]scales?$|\.biases$/;
/** What old checkpoints stored though it is computed. */
const BUFFERS = [
  /rotary_emb\.inv_freq$|\.position_ids$/,
  /\.(attn|attention)\.(masked_)?bias$/,
  /\.(running_(mean|var)|num_batches_tracked)$/,
];

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
 * @param headers Every name once.
 * @param stated How the config says that weights are packed.
 */
export function unpackTensors(
  headers: readonly HeaderTensor[],
  stated: Packing = { bits: null, group: null },
): Unpacked {
  const hidden = hiddenOf(headers);
  const told = packingOf(headers, hidden);
  const storage = storageOf(headers, {
    bits: told.bits ?? stated.bits ?? USUAL_BITS,
    group: told.group ?? stated.group,
  });
  const schemes = new Set<string>();
  const tensors: LogicalTensor[] = [];
  for (const tensor of headers) {
    const found = packedBy(tensor, storage);
    if (found) {
      schemes.add(found.scheme);
      tensors.push({ ...shaped(found.tensor, hidden), packed: true });
    } else if (!isBeside(tensor, storage) && !isBuffer(tensor)) {
      const { name, shape, dtype } = tensor;
      const packed = shape.length >= 2 &&
        (isNarrowFloat(dtype) || dtype === "I8");
      if (packed) {
        schemes.add(dtype === "I8" ? "8-bit integers" : "8-bit floats");
      }
      tensors.push({ name, shape, packed });
    }
  }
  return { tensors, schemes: [...schemes] };
}

function packedBy(
  tensor: HeaderTensor,
  storage: Storage,
): { scheme: string; tensor: Omit<LogicalTensor, "packed"> } | null {
  for (const [scheme, unpack] of Object.entries(SCHEMES)) {
    const unpacked = unpack(tensor, storage);
    if (unpacked) return { scheme, tensor: unpacked };
  }
  return null;
}

/** A flat weight in two dimensions, where its role tells one of them. */
function shaped(
  tensor: Omit<LogicalTensor, "packed">,
  hidden: number | null,
): Omit<LogicalTensor, "packed"> {
  const [elements = 0] = tensor.shape;
  if (tensor.shape.length !== 1 || !hidden || elements % hidden !== 0) {
    return tensor;
  }
  const role = roleOfName(tensor.name);
  if (FROM_HIDDEN.has(role)) {
    return { ...tensor, shape: [elements / hidden, hidden] };
  }
  return TO_HIDDEN.has(role)
    ? { ...tensor, shape: [hidden, elements / hidden] }
    : tensor;
}

function isBeside({ name, dtype }: HeaderTensor, storage: Storage): boolean {
  if (BESIDE.some((ending) => ending.test(name)) || isScaleType(dtype)) {
    return true;
  }
  const module = name.slice(0, name.lastIndexOf("."));
  if (!OF_HQQ.test(name) && storage.find(`${module}.W_q`)) return true;
  const ending = name.match(PERHAPS_BESIDE)?.[0];
  if (ending === undefined) return false;
  const base = name.slice(0, -ending.length);
  return [`${base}.weight`, `${base}.qweight`, `${base}_blocks`, base].some(
    (beside) => {
      const weight = storage.find(beside);
      return weight !== undefined && isStoredNarrow(weight.dtype);
    },
  );
}

function isStoredNarrow(dtype: string): boolean {
  return isNarrowFloat(dtype) || /^[IU](8|32)$/.test(dtype);
}

/** GPT-NeoX names a mask like a bias: only the mask has dimensions. */
function isBuffer({ name, dtype, shape }: HeaderTensor): boolean {
  if (isCounterType(dtype)) return true;
  return BUFFERS.some((ending) => ending.test(name)) &&
    (!name.endsWith(".bias") || shape.length > 1);
}

function storageOf(
  headers: readonly HeaderTensor[],
  packing: { bits: number; group: number | null },
): Storage {
  const byName = new Map(headers.map((tensor) => [tensor.name, tensor]));
  const beginnings = new Set(
    headers.map(({ name }) => name.match(/^.*\.quant_state\./)?.[0]),
  );
  return {
    find: (name) => byName.get(name),
    hasBeginning: (beginning) => beginnings.has(beginning),
    ...packing,
  };
}
