const MEBIBYTE = 1024 * 1024;

/** Largest config.json: real ones have kilobytes. */
const MAX_CONFIG_BYTES = 10 * MEBIBYTE;
/** Largest part of a checkpoint's file, and largest index of its files. */
const MAX_PART_BYTES = 25 * MEBIBYTE;
const MAX_INDEX_BYTES = 64 * MEBIBYTE;
/** Largest sum of all answers about one model; the largest real ones have 100. */
export const MAX_TOTAL_BYTES = 256 * MEBIBYTE;
/** The limit of one answer, in bytes, by the path that is asked for. */
export function maxBytesOf(path: string): number {
  if (/\.(safetensors|gguf)$/i.test(path)) return MAX_PART_BYTES;
  return path.endsWith(".safetensors.index.json")
    ? MAX_INDEX_BYTES
    : MAX_CONFIG_BYTES;
}

/** A limit in words, such as "25 MiB". */
export function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / MEBIBYTE)} MiB`;
}
