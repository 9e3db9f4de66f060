import type { GgufHeader, GgufTensor, GgufValue } from "./gguf_header.ts";
import {
  MAX_DIMENSION,
  MAX_FILES,
  MAX_HEADER_BYTES,
  MAX_NAME_LENGTH,
  MAX_TENSORS,
} from "./limits.ts";
import type { ReadRange } from "./ranges.ts";
import { BrokenHeader } from "./ranges.ts";
import { ggmlType } from "./ggml_types.ts";

/** Where the parser believes the file to be: it asks our reader only. */
const NOWHERE = "http://localhost/model.gguf";
/** Where the number of tensors stands, and the fewest bytes that list one. */
const COUNT_AT = 8;
const MIN_LISTING = 24;
/** Longest metadata list that is kept: one number a layer. */
const MAX_LIST = 1000;
/** What follows a split file's name: -00001-of-00003.gguf */
const SPLIT = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/;

/**
 * Reads the header of one GGUF file, and nothing of its weights.
 *
 * @throws {BrokenHeader} When there is none, or it claims what cannot be.
 */
export async function readGguf(read: ReadRange): Promise<GgufHeader> {
  // Loaded when it is needed: a server that is asked for nothing starts sooner.
  const { gguf } = await import("@huggingface/gguf");
  let size: number | null = null;
  let failed: unknown = null;
  const fetchRange: typeof fetch = async (_, init) => {
    const range = new Headers(init?.headers).get("range") ?? "";
    const [from = 0, last = 0] = (range.match(/\d+/g) ?? []).map(Number);
    try {
      if (from > MAX_HEADER_BYTES) {
        throw new BrokenHeader(
          `its header must have at most ${MAX_HEADER_BYTES} bytes: it has more`,
        );
      }
      if (size !== null && from >= size) return new Response(null);
      const part = await read(from, last + 1);
      size = part.size;
      if (from === 0) checkCount(part.bytes, size);
      return new Response(part.bytes, {
        headers: size === null
          ? {}
          : { "content-range": `bytes ${from}-${last}/${size}` },
      });
    } catch (error) {
      failed = error;
      throw error;
    }
  };
  try {
    const { metadata, tensorInfos, tensorDataOffset } = await gguf(NOWHERE, {
      fetch: fetchRange,
    });
    const end = Number(tensorDataOffset);
    const tensors = tensorInfos.map(({ name, shape, dtype }) =>
      tensorOf(name, shape, dtype)
    );
    checkSize(tensors, { end, size });
    return { metadata: kept(Object.entries(metadata)), tensors };
  } catch (error) {
    if (failed !== null) throw failed;
    if (error instanceof BrokenHeader) throw error;
    throw new BrokenHeader(
      error instanceof RangeError
        ? "the file ends within its header, or its header is too large"
        : `it cannot be read as GGUF: ${
          error instanceof Error ? error.message : error
        }`,
      { cause: error },
    );
  }
}

/**
 * The files of a split model, by the name of one of them.
 *
 * @returns The file alone, where it is none of several.
 * @throws {BrokenHeader} When it claims to be one of too many.
 */
export function splitGguf(file: string): string[] {
  const [, prefix = "", , total = ""] = file.match(SPLIT) ?? [];
  if (total === "") return [file];
  const count = Number(total);
  if (count < 1 || count > MAX_FILES) {
    throw new BrokenHeader(
      `a split model must have 1 to ${MAX_FILES} files: ${file} has ${count}`,
    );
  }
  return Array.from(
    { length: count },
    (_, at) => `${prefix}-${String(at + 1).padStart(5, "0")}-of-${total}.gguf`,
  );
}

/** One header of those of a split model: the first describes all. */
export function joinGguf(headers: readonly GgufHeader[]): GgufHeader {
  const tensors = headers.flatMap(({ tensors }) => tensors);
  if (tensors.length > MAX_TENSORS) {
    throw new BrokenHeader(
      `a model must have at most ${MAX_TENSORS} tensors: its files list ${tensors.length}`,
    );
  }
  return { metadata: headers[0]?.metadata ?? {}, tensors };
}

function tensorOf(
  name: string,
  shape: readonly bigint[],
  type: number,
): GgufTensor {
  const label = (): string => JSON.stringify(name.slice(0, 80));
  if (name === "" || name.length > MAX_NAME_LENGTH) {
    throw new BrokenHeader(
      `names of tensors must have 1 to ${MAX_NAME_LENGTH} characters: ${label()} has ${name.length}`,
    );
  }
  const sizes = shape.map(Number);
  if (sizes.some((size) => size < 1 || size > MAX_DIMENSION)) {
    throw new BrokenHeader(
      `dimensions must be 1 to ${MAX_DIMENSION}: ${label()} has ${
        shape.join(" × ")
      }`,
    );
  }
  return { name, shape: sizes, type };
}

/** The number of tensors, before any is read: zeros would pass for millions. */
function checkCount(bytes: Uint8Array<ArrayBuffer>, size: number | null): void {
  if (new TextDecoder().decode(bytes.subarray(0, 4)) !== "GGUF") {
    throw new BrokenHeader("it does not begin with GGUF, as such files do");
  }
  if (bytes.length < COUNT_AT + 8) return;
  const count = new DataView(bytes.buffer, bytes.byteOffset)
    .getBigUint64(COUNT_AT, true);
  // Version 1 has 32 bits here, and the next field behind them.
  const isFirst = bytes[4] === 1;
  const tensors = isFirst ? count & 0xffffffffn : count;
  const most = Math.min(MAX_TENSORS, (size ?? Infinity) / MIN_LISTING);
  if (tensors > most) {
    throw new BrokenHeader(
      `it must have at most ${Math.floor(most)} tensors: it claims ${tensors}`,
    );
  }
}

/** The weights have to be in the file: shapes alone may claim anything. */
function checkSize(
  tensors: readonly GgufTensor[],
  { end, size }: { end: number; size: number | null },
): void {
  if (size === null) return;
  const needed = end + bytesOf(tensors);
  if (needed > size) {
    throw new BrokenHeader(
      `its tensors need ${needed} bytes with its header: the file has ${size}`,
    );
  }
}

function bytesOf(tensors: readonly GgufTensor[]): number {
  return tensors.reduce((sum, { shape, type }) => {
    const { elements, bytes } = ggmlType(type) ?? { elements: 1, bytes: 0 };
    const [row = 1, ...rows] = shape;
    return sum + Math.ceil(row / elements) * bytes *
        rows.reduce((product, count) => product * count, 1);
  }, 0);
}

function kept(
  metadata: readonly (readonly [string, unknown])[],
): GgufHeader["metadata"] {
  const values: Record<string, GgufValue> = {};
  for (const [key, value] of metadata) {
    const number = typeof value === "bigint" ? Number(value) : value;
    if (
      typeof number === "string" || typeof number === "number" ||
      typeof number === "boolean"
    ) values[key] = number;
    else if (
      Array.isArray(number) && number.length <= MAX_LIST &&
      number.every((item) => typeof item === "number")
    ) values[key] = number;
  }
  return values;
}
