import type { LayerRange } from "./tensor.ts";

/** All layers of a stack. */
export function allLayers(count: number): LayerRange[] {
  return count > 0 ? [[0, count, 1]] : [];
}

/** Far more layers than any model has: a config may claim what it likes. */
const MAX_LAYERS = 100_000;

/**
 * The layers that a test picks, as few ranges: runs of one step become one.
 *
 * @param count Layers of the stack.
 * @param picks Whether a layer belongs.
 */
export function layersWhere(
  count: number,
  picks: (layer: number) => boolean,
): LayerRange[] {
  const chosen = Array.from(
    { length: Math.min(count, MAX_LAYERS) },
    (_, layer) => layer,
  ).filter(picks);
  const ranges: LayerRange[] = [];
  let start = 0;
  while (start < chosen.length) {
    const first = chosen[start] ?? 0;
    const step = (chosen[start + 1] ?? first + 1) - first;
    let end = start;
    while (chosen[end + 1] === (chosen[end] ?? 0) + step) end++;
    ranges.push([first, (chosen[end] ?? first) + 1, step]);
    start = end + 1;
  }
  return ranges;
}
