import type { HeaderTensor, LogicalTensor } from "./header_tensor.ts";
import { isScaleType } from "./dtype_bits.ts";

/** What a scheme may ask about the checkpoint. */
export interface PackedStorage {
  /** A tensor by its name. */
  find(name: string): HeaderTensor | undefined;
  /** Whether any tensor's name begins so. */
  hasBeginning(beginning: string): boolean;
  /** Bits of a packed weight where nothing beside it tells them. */
  bits: number;
  /** Inputs that share a scale; null when nothing tells. */
  group: number | null;
}

/** A packed weight as the model has it; null where the scheme is another. */
export type Scheme = (
  tensor: HeaderTensor,
  storage: PackedStorage,
) => Pick<LogicalTensor, "name" | "shape" | "transposed"> | null;

/**
 * GPTQ packs inputs (rows), AWQ outputs (columns) into 32-bit integers. The
 * zeros beside them, packed along the outputs in both, tell the bits.
 */
const gptqOrAwq: Scheme = ({ name, shape }, storage) => {
  const base = baseOf(name, ".qweight");
  if (base === null) return null;
  const [rows = 0, columns = 0] = shape;
  const [, outputs = 0] = storage.find(`${base}.scales`)?.shape ?? [];
  if (outputs === 0) return null;
  const weight = `${base}.weight`;
  if (columns !== outputs) return { name: weight, shape: [outputs, rows] };
  const [, zeros = 0] = storage.find(`${base}.qzeros`)?.shape ?? [];
  const bits = zeros > 0 ? 32 * zeros / outputs : storage.bits;
  const [ordered] = storage.find(`${base}.g_idx`)?.shape ?? [];
  const inputs = ordered ?? Math.floor(32 * rows / bits);
  return { name: weight, shape: [outputs, inputs] };
};

/** bitsandbytes lays 4-bit weights flat, two a byte. */
const bitsandbytes: Scheme = ({ name, dtype, shape }, storage) => {
  if (dtype !== "U8" || !name.endsWith("weight")) return null;
  const quantized = storage.find(`${name}.absmax`) !== undefined ||
    storage.hasBeginning(`${name}.quant_state.`);
  return quantized ? { name, shape: [2 * elementsOf(shape)] } : null;
};

/** MXFP4 as gpt-oss has it: [experts, outputs, groups, 16 bytes of two]. */
const mxfp4: Scheme = ({ name, dtype, shape }, storage) => {
  const base = baseOf(name, "_blocks");
  if (base === null || dtype !== "U8" || !storage.find(`${base}_scales`)) {
    return null;
  }
  const [experts = 0, outputs = 0, groups = 0, bytes = 0] = shape;
  return {
    name: base,
    shape: [experts, 2 * groups * bytes, outputs],
    transposed: true,
  };
};

/** compressed-tensors packs inputs into integers of any width. */
const compressed: Scheme = ({ name, dtype, shape }, storage) => {
  const base = baseOf(name, "_packed");
  const container = CONTAINERS[dtype];
  if (base === null || container === undefined) return null;
  if (container === 8) return { name: base, shape: widened(shape, 2) };
  return {
    name: base,
    shape: grouped(shape, storage.find(`${base}_scale`), storage),
  };
};

/** MLX packs inputs into unsigned 32-bit integers. */
const mlx: Scheme = ({ name, dtype, shape }, storage) => {
  const base = baseOf(name, ".weight");
  if (base === null || dtype !== "U32") return null;
  const scales = storage.find(`${base}.scales`);
  if (!scales) return null;
  return { name, shape: grouped(shape, scales, storage) };
};

/**
 * HQQ lays groups of weights in rows and packs several rows into one; a scale a
 * row tells how many there were. The shape of the weight is not in the header.
 */
const hqq: Scheme = ({ name, shape }, storage) => {
  const base = baseOf(name, ".W_q");
  if (base === null) return null;
  const [rows = 0, columns = 0] = storage.find(`${base}.scale`)?.shape ?? [];
  const [, group = 0] = shape;
  const elements = columns === 1 && rows > 1
    ? rows * group
    : Math.floor(elementsOf(shape) * 8 / storage.bits);
  return { name: `${base}.weight`, shape: [elements] };
};

/** Bytes that hold two 4-bit floats: a scale stands for 16 or 32 of them. */
const narrow: Scheme = ({ name, dtype, shape }, storage) => {
  if (dtype !== "U8" && dtype !== "I8") return null;
  const base = name.replace(/\.weight$/, "");
  const scale = storage.find(`${name}_scale`) ?? storage.find(`${base}.scale`);
  const [groups = 0] = scale?.shape.slice(-1) ?? [];
  const [bytes = 0] = shape.slice(-1);
  const isGroup = 2 * bytes === 16 * groups || 2 * bytes === 32 * groups;
  const isBlock = scale?.dtype === "F8_E4M3" ||
    isScaleType(scale?.dtype ?? "");
  return isGroup && isBlock ? { name, shape: widened(shape, 2) } : null;
};

/** Every scheme that packs more than one weight into an element. */
export const SCHEMES: Readonly<Record<string, Scheme>> = {
  "GPTQ or AWQ": gptqOrAwq,
  "bitsandbytes 4-bit": bitsandbytes,
  "MXFP4": mxfp4,
  "compressed-tensors": compressed,
  "MLX": mlx,
  "HQQ": hqq,
  "4-bit floats": narrow,
};

const CONTAINERS: Record<string, number> = {
  U8: 8,
  I8: 8,
  I32: 32,
  U32: 32,
};

/**
 * A weight in 32-bit integers: its scales tell its inputs where the size of
 * their groups is known, whatever its own bits are.
 */
function grouped(
  shape: readonly number[],
  scale: HeaderTensor | undefined,
  { bits, group }: PackedStorage,
): number[] {
  const groups = scale?.shape.at(-1) ?? 0;
  return group !== null && groups > 1
    ? [...shape.slice(0, -1), groups * group]
    : widened(shape, 32 / bits);
}

/** A shape whose last dimension is so many times as wide. */
function widened(shape: readonly number[], factor: number): number[] {
  return shape.map((size, at) =>
    at === shape.length - 1 ? Math.floor(size * factor) : size
  );
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function baseOf(name: string, ending: string): string | null {
  return name.endsWith(ending) ? name.slice(0, -ending.length) : null;
}
