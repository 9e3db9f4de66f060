import { rangesOfNumbers } from "./layer_numbers.ts";
import type { LayerRange, Tensor } from "./tensor.ts";

/** Far more layers than any model has: a config may claim what it likes. */
export const MAX_MODEL_LAYERS = 10_000;

/** All layers of a stack. */
export function allLayers(count: number): LayerRange[] {
  return count > 0 ? [[0, count, 1]] : [];
}

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
    // One more than may be, so that too many are noticed.
    { length: Math.min(count, MAX_MODEL_LAYERS + 1) },
    (_, layer) => layer,
  ).filter(picks);
  return rangesOfNumbers(chosen);
}

/** Layers of the highest stack that tensors lie in; 0 when they lie in none. */
export function layersOf(tensors: readonly Tensor[]): number {
  let most = 0;
  for (const { layers } of tensors) {
    for (const [, to] of layers ?? []) most = Math.max(most, to);
  }
  return most;
}
