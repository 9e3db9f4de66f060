import type { LayerCache } from "../../models/families/code/cache.ts";
import type { LayerCaches } from "../caches.ts";

/** What each layer keeps, by its number. */
export function layerCaches({ groups, layers }: LayerCaches): LayerCache[] {
  const all = new Array<LayerCache>(layers).fill([]);
  for (const { keeps, layers: ranges } of groups) {
    for (const [from, to, step] of ranges) {
      for (let layer = from; layer < to; layer += step) all[layer] = keeps;
    }
  }
  return all;
}
