import type { KvCache } from "../../answer/serving.ts";
import type {
  CachePart,
  LayerCache,
} from "../../models/families/code/cache.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { LayerCaches } from "../caches.ts";

/** Bytes that all layers keep of a token, and of a sequence whatever its length. */
export function keptBytes(
  { groups }: LayerCaches,
  dtype: Dtype,
): Pick<KvCache, "bytes_per_token"> & { fixed_bytes_per_sequence: number } {
  const size = DTYPE_BYTES[dtype];
  const sumOf = (
    countOf: (part: CachePart) => number,
  ) =>
    groups.reduce(
      (sum, { keeps, count }) => sum + count * size * summed(keeps, countOf),
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
): number {
  return keeps.reduce((sum, part) => sum + countOf(part), 0);
}

function perToken(part: CachePart): number {
  switch (part.kind) {
    case "full":
      return part.keys + part.values;
    case "latent":
      return part.rank + part.rotated + part.indexer;
    default:
      return 0;
  }
}

function perSequence(part: CachePart): number {
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
