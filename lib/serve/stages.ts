import type { LayerRange } from "../models/tensors/tensor.ts";

/** Layers that one rank of a pipeline has: from, to (not included). */
export interface LayerStage {
  readonly from: number;
  readonly to: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/**
 * Stages of a pipeline that may hold the most: the first, the last, and one of the
 * longest between them, which take what does not divide.
 *
 * Source: sgl-project/sglang srt/distributed/utils.py, get_pp_indices; vLLM's is
 * alike
 */
export function heaviestStages(layers: number, pp: number): LayerStage[] {
  if (pp <= 1) return [{ from: 0, to: layers, isFirst: true, isLast: true }];
  const each = Math.floor(layers / pp);
  const rest = layers % pp;
  const first = { from: 0, to: each, isFirst: true, isLast: false };
  const last = {
    from: layers - each - (pp === 2 ? rest : 0),
    to: layers,
    isFirst: false,
    isLast: true,
  };
  if (pp === 2) return [first, last];
  const middle = {
    from: each,
    to: 2 * each + Math.min(1, rest),
    isFirst: false,
    isLast: false,
  };
  return [first, middle, last];
}

/** How many of some layers stand in a stage. */
export function layersIn(
  ranges: readonly LayerRange[],
  { from, to }: Pick<LayerStage, "from" | "to">,
): number {
  let count = 0;
  for (const [start, end, step] of ranges) {
    const first = start >= from
      ? start
      : start + Math.ceil((from - start) / step) * step;
    const stop = Math.min(end, to);
    if (first < stop) count += Math.ceil((stop - first) / step);
  }
  return count;
}
