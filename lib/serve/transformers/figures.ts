import type { KvCache } from "../../answer/serving.ts";
import type {
  CachePart,
  LayerCache,
  StateCache,
} from "../../models/families/code/cache.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import type { LayerCaches } from "../caches.ts";

/**
 * Bytes that all layers keep of a token, and of a sequence whatever its length.
 *
 * @param size Bytes of a number.
 * @param tp Ranks that share heads of keys and values.
 */
export function keptBytes(
  { groups }: LayerCaches,
  size: number,
  tp = 1,
): Pick<KvCache, "bytes_per_token"> & { fixed_bytes_per_sequence: number } {
  const sumOf = (bytesOf: (part: CachePart, size: number) => number) =>
    groups.reduce(
      (sum, { keeps, count }) =>
        sum + count * summed(keeps, (part) => bytesOf(part, size), tp),
      0,
    );
  return {
    bytes_per_token: sumOf(perToken),
    fixed_bytes_per_sequence: sumOf(perSequence),
  };
}

function summed(
  keeps: LayerCache,
  bytesOf: (part: CachePart) => number,
  tp: number,
): number {
  // Latents are every rank's.
  return keeps.reduce(
    (sum, part) => sum + bytesOf(part) / ("heads" in part ? tp : 1),
    0,
  );
}

/** Bytes that something keeps of each token, in numbers of so many bytes. */
export function perToken(part: CachePart, size: number): number {
  switch (part.kind) {
    case "full":
      return size * (part.keys + part.values);
    case "latent":
      return size * (part.rank + part.rotated) +
        (part.isIndexerWide ? WIDE : size) * part.indexer;
    default:
      return 0;
  }
}

/** Bytes that something keeps of a sequence, whatever its length. */
export function perSequence(part: CachePart, size: number): number {
  switch (part.kind) {
    case "window":
    case "chunk":
      return size * part.size * (part.keys + part.values);
    case "state":
      return statesOf(part, size).reduce((sum, bytes) => sum + bytes, 0);
    default:
      return 0;
  }
}

/** Bytes of the states that layers keep of so many sequences. */
export function stateBytes(
  layers: readonly LayerCache[],
  batch: number,
  size: number,
): number {
  return layers.flat().reduce(
    (sum, part) =>
      part.kind === "state"
        ? sum + statesOf(part, size).reduce(
          (all, bytes) => all + roundedBytes(batch * bytes),
          0,
        )
        : sum,
    0,
  );
}

/** Bytes of a number in fp32. */
const WIDE = 4;

/** Bytes of each tensor of a sequence's states, in numbers of so many bytes. */
function statesOf(
  { convolution, state, isWide, others }: StateCache,
  size: number,
): number[] {
  return [
    ...(convolution ? [{ shape: convolution, isWide: false }] : []),
    ...(state ? [{ shape: state, isWide }] : []),
    ...others,
  ].map(({ shape, isWide: wide }) =>
    shape.reduce((product, each) => product * each, wide ? WIDE : size)
  );
}
