import type { LayerRange } from "../tensors/tensor.ts";

/** Longest pattern of layers that is looked for, such as 3 in every 4. */
const MAX_PERIOD = 16;

/**
 * Writes numbers of layers as few ranges: runs of neighbours, or of every
 * second, third … layer, whichever needs fewer.
 */
export function rangesOf(layers: Iterable<number>): LayerRange[] {
  const sorted = [...new Set(layers)].sort((a, b) => a - b);
  let best = runsOf(sorted, 1);
  for (let step = 2; step <= MAX_PERIOD && best.length > 1; step++) {
    const ranges = runsOf(sorted, step);
    if (ranges.length < best.length) best = ranges;
  }
  return best;
}

/** The runs of one step; a layer by itself is a run of step 1. */
function runsOf(sorted: readonly number[], step: number): LayerRange[] {
  const open: ({ from: number; last: number } | undefined)[] = [];
  const runs: { from: number; last: number }[] = [];
  for (const layer of sorted) {
    const run = open[layer % step];
    if (run && run.last + step === layer) run.last = layer;
    else {
      const begun = { from: layer, last: layer };
      open[layer % step] = begun;
      runs.push(begun);
    }
  }
  return runs.map((
    { from, last },
  ) => [from, last + 1, from === last ? 1 : step]);
}
