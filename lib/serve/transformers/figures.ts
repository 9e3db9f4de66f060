import type { KvCache } from "../../answer/serving.ts";
import type {
  CachePart,
  LayerCache,
} from "../../models/families/code/cache.ts";
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
  const sumOf = (
    countOf: (part: CachePart) => number,
  ) =>
    groups.reduce(
      (sum, { keeps, count }) =>
        sum + count * size * summed(keeps, countOf, tp),
      0,
    );
  return {
    bytes_per_token: sumOf(perToken),
    fixed_bytes_per_sequence: sumOf(perSequence),
  };
}

function summed(
  keeps: LayerCache,
  countOf: (part: CachePart) => number,
  tp: number,
): number {
  // Latents are every rank's.
  return keeps.reduce(
    (sum, part) => sum + countOf(part) / ("heads" in part ? tp : 1),
    0,
  );
}

/** Numbers that something keeps of each token. */
export function perToken(part: CachePart): number {
  switch (part.kind) {
    case "full":
      return part.keys + part.values;
    case "latent":
      return part.rank + part.rotated + part.indexer;
    default:
      return 0;
  }
}

/** Numbers that something keeps of a sequence, whatever its length. */
export function perSequence(part: CachePart): number {
  switch (part.kind) {
    case "window":
    case "chunk":
      return part.size * (part.keys + part.values);
    case "state": {
      const [channels, width] = part.convolution ?? [0, 0];
      const state = part.state?.reduce((product, each) => product * each, 1) ??
        0;
      return channels * width + state;
    }
    default:
      return 0;
  }
}
