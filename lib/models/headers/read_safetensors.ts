import { dtypeBits } from "./dtype_bits.ts";
import type { HeaderTensor } from "./header_tensor.ts";
import {
  MAX_DIMENSION,
  MAX_DIMENSIONS,
  MAX_HEADER_BYTES,
  MAX_NAME_LENGTH,
  MAX_TENSORS,
} from "./limits.ts";
import type { ReadRange } from "./ranges.ts";
import { BrokenHeader } from "./ranges.ts";

/** Bytes of the number that tells how long the header is. */
const PREFIX = 8;
/** Bytes that are read at first: most headers fit, and need one request. */
const FIRST_READ = 128 * 1024;

/**
 * Reads the header of a safetensors file, and nothing of its weights.
 *
 * Source of the format: huggingface/safetensors README.md.
 *
 * @throws {BrokenHeader} When there is none, or it claims what cannot be.
 */
export async function readSafetensors(
  read: ReadRange,
): Promise<HeaderTensor[]> {
  const first = await read(0, FIRST_READ);
  if (first.bytes.length < PREFIX) {
    throw new BrokenHeader(
      `it must have at least ${PREFIX} bytes: it has ${first.bytes.length}`,
    );
  }
  const { buffer, byteOffset } = first.bytes;
  const claimed = new DataView(buffer, byteOffset).getBigUint64(0, true);
  if (claimed > BigInt(MAX_HEADER_BYTES)) {
    throw new BrokenHeader(
      `its header must have at most ${MAX_HEADER_BYTES} bytes: it claims ${claimed}`,
    );
  }
  const end = PREFIX + Number(claimed);
  if (first.size !== null && end > first.size) {
    throw new BrokenHeader(
      `its header claims ${claimed} bytes: the file has ${first.size}`,
    );
  }
  const bytes = end <= first.bytes.length
    ? first.bytes.subarray(PREFIX, end)
    : joined(
      first.bytes.subarray(PREFIX),
      (await read(first.bytes.length, end)).bytes,
    );
  if (bytes.length !== end - PREFIX) {
    throw new BrokenHeader(
      `the file ends within its header, after ${bytes.length} of ${claimed} bytes`,
    );
  }
  return tensorsIn(bytes, first.size === null ? null : first.size - end);
}

/** @param space Bytes behind the header; null where nobody says. */
function tensorsIn(bytes: Uint8Array, space: number | null): HeaderTensor[] {
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    );
  } catch (error) {
    throw new BrokenHeader("its header is no JSON", { cause: error });
  }
  if (!isRecord(header)) throw new BrokenHeader("its header is no JSON object");
  const entries = Object.entries(header).filter(([name]) =>
    name !== "__metadata__"
  );
  if (entries.length > MAX_TENSORS) {
    throw new BrokenHeader(
      `it must have at most ${MAX_TENSORS} tensors: it lists ${entries.length}`,
    );
  }
  return entries.map(([name, entry]) => tensorOf(name, entry, space));
}

function tensorOf(
  name: string,
  entry: unknown,
  space: number | null,
): HeaderTensor {
  const label = (): string => JSON.stringify(name.slice(0, 80));
  if (name.length > MAX_NAME_LENGTH) {
    throw new BrokenHeader(
      `names of tensors must have at most ${MAX_NAME_LENGTH} characters: ${label()}… has ${name.length}`,
    );
  }
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  if (typeof dtype !== "string" || !isCounts(shape) || !isCounts(offsets)) {
    throw new BrokenHeader(
      `its tensor ${label()} must have a dtype, a shape and data_offsets`,
    );
  }
  if (shape.length > MAX_DIMENSIONS) {
    throw new BrokenHeader(
      `tensors must have at most ${MAX_DIMENSIONS} dimensions: ${label()} has ${shape.length}`,
    );
  }
  const largest = Math.max(0, ...shape);
  if (largest > MAX_DIMENSION) {
    throw new BrokenHeader(
      `dimensions must be at most ${MAX_DIMENSION}: ${label()} has ${largest}`,
    );
  }
  const [begin = 0, end = 0] = offsets;
  const bits = dtypeBits(dtype);
  const elements = shape.reduce((product, size) => product * size, 1);
  const needed = bits === null ? null : Math.ceil(elements * bits / 8);
  if (end < begin || (needed !== null && end - begin !== needed)) {
    throw new BrokenHeader(
      `its tensor ${label()} needs ${
        needed ?? 0
      } bytes: its data_offsets are ${begin} to ${end}`,
    );
  }
  if (space !== null && end > space) {
    throw new BrokenHeader(
      `its tensor ${label()} ends ${end} bytes behind the header: the file has ${space} there`,
    );
  }
  return { name, dtype, shape };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) &&
    value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
