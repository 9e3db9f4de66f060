import type { LayerRange } from "./tensor.ts";

type Layers = readonly LayerRange[];

/** The numbers of some layers, and whether one is among them. */
interface LayerNumbers {
  /** Ascending, each once. */
  readonly all: readonly number[];
  readonly has: ReadonlySet<number>;
}

/** By the list itself: a model's tensors share the lists of their stacks. */
const known = new WeakMap<Layers, LayerNumbers>();

/** The numbers of the layers that ranges hold, ascending, each once. */
export function numbersOf(layers: Layers): readonly number[] {
  return layerNumbers(layers).all;
}

/** Whether ranges hold a layer. */
export function holdsLayer(layers: Layers, layer: number): boolean {
  return layerNumbers(layers).has.has(layer);
}

function layerNumbers(layers: Layers): LayerNumbers {
  const before = known.get(layers);
  if (before) return before;
  const has = new Set<number>();
  let isSorted = true;
  let last = -1;
  for (const [from, to, step] of layers) {
    for (let layer = from; layer < to; layer += step) {
      if (layer <= last) isSorted = false;
      last = layer;
      has.add(layer);
    }
  }
  const all = isSorted ? [...has] : [...has].sort((a, b) => a - b);
  const numbers = { all, has };
  known.set(layers, numbers);
  return numbers;
}

/**
 * Numbers of layers as few ranges: runs of one step become one.
 *
 * @param numbers Ascending, each once.
 */
export function rangesOfNumbers(numbers: readonly number[]): LayerRange[] {
  const ranges: LayerRange[] = [];
  let start = 0;
  while (start < numbers.length) {
    const first = numbers[start] ?? 0;
    const step = (numbers[start + 1] ?? first + 1) - first;
    let end = start;
    while (numbers[end + 1] === (numbers[end] ?? 0) + step) end++;
    ranges.push([first, (numbers[end] ?? first) + 1, step]);
    start = end + 1;
  }
  return ranges;
}

/** The layers of any of several lists, as ranges that do not overlap. */
export function unionOf(lists: readonly Layers[]): readonly LayerRange[] {
  const distinct = [...new Set(lists)];
  const [first = []] = distinct;
  if (distinct.length < 2) return first;
  const all = new Set<number>();
  for (const list of distinct) {
    for (const layer of numbersOf(list)) all.add(layer);
  }
  return rangesOfNumbers([...all].sort((a, b) => a - b));
}
