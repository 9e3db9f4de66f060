import type { CachePart } from "../../models/families/code/cache.ts";
import type { LayerCaches } from "../caches.ts";
import type { CacheChoice } from "./cache_choice.ts";
import { perSequence, perToken } from "./figures.ts";

/**
 * Bytes that the caches of a sequence hold once it is generated, whatever the
 * allocator rounds them to; null of a cache that is quantised.
 *
 * Source: huggingface/transformers 5.23.0 cache_utils.py, DynamicSlidingWindowLayer:
 * what a prompt leaves is a view of all of it until a token has come after
 *
 * @param size Bytes of a number.
 */
export function cachedBytes(
  { groups }: Pick<LayerCaches, "groups">,
  kept: CacheChoice,
  { prompt, generated }: {
    readonly prompt: number;
    readonly generated: number;
  },
  size: number,
): number | null {
  if (kept.kind === "none") return 0;
  if (kept.kind === "quantized") return null;
  const decoded = Math.max(0, generated - 1);
  const tokens = prompt + decoded;
  const isWhole = kept.kind === "dynamic" &&
    (decoded === 0 || !kept.cutsWindows);
  const room = kept.kind === "static" ? kept.room : tokens;
  const heldOf = (part: CachePart): number => {
    switch (part.kind) {
      case "full":
      case "latent":
        return room * perToken(part, size);
      case "window":
      case "chunk":
        return (isWhole ? tokens : Math.min(room, part.size)) * size *
          (part.keys + part.values);
      case "cross":
        return (part.encoded ?? prompt) * size * (part.keys + part.values);
      case "state":
      case "shared":
        return perSequence(part, size);
    }
  };
  return groups.reduce(
    (sum, { keeps, count }) =>
      sum + count * keeps.reduce((all, part) => all + heldOf(part), 0),
    0,
  );
}
