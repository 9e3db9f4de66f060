import type { LayerRange } from "../../models/tensors/tensor.ts";

/**
 * Layers of a stage of the pipeline: from, to (not included). The last ends nowhere,
 * for an encoder's layers are counted with the decoder's.
 */
export interface ServingStage {
  readonly from: number;
  readonly to: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/**
 * Deals layers out to the stages of a pipeline: an even share, and what is left
 * over to those before the last, beginning with the last of them.
 *
 * Source: vllm-project/vllm 0.33 distributed/utils.py, get_pp_indices
 */
export function stagesOf(layers: number, pp: number): ServingStage[] {
  const share = Math.floor(layers / pp);
  const left = layers % pp;
  let from = 0;
  return Array.from({ length: pp }, (_, stage): ServingStage => {
    const hasMore = stage >= pp - 1 - left && stage < pp - 1;
    const to = from + share + (hasMore ? 1 : 0);
    const dealt = {
      from,
      to: stage === pp - 1 ? Infinity : to,
      isFirst: stage === 0,
      isLast: stage === pp - 1,
    };
    from = to;
    return dealt;
  });
}

/** How many of some layers lie before one. */
export function layersBefore(
  layers: readonly LayerRange[],
  number: number,
): number {
  return layers.reduce(
    (sum, [from, to, step]) =>
      sum + Math.max(0, Math.ceil((Math.min(to, number) - from) / step)),
    0,
  );
}

/** How many of some layers a stage holds. */
export function layersWithin(
  layers: readonly LayerRange[],
  { from, to }: Pick<ServingStage, "from" | "to">,
): number {
  return layersBefore(layers, to) - layersBefore(layers, from);
}
