/** Layers of a model, from one up to but not including another. */
export type LayerSpan = readonly [from: number, to: number];

/** How a pipeline deals layers out. */
export interface Pipeline {
  readonly layers: number;
  readonly stages: number;
  /** Pieces that each stage has of the model, far apart. */
  readonly chunks: number;
  readonly first: number | null;
  readonly last: number | null;
}

/**
 * The layers of each stage's chunks, in the order of the model.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/transformer/transformer_layer.py, get_transformer_layer_offset;
 * transformer_block.py, get_num_layers_to_build
 *
 * @returns Chunks of each stage; null where layers cannot be dealt out so.
 */
export function stagesOf(
  { layers, stages, chunks, first, last }: Pipeline,
): LayerSpan[][] | null {
  if (stages === 1) return [[[0, layers]]];
  const fixed = [first, last].filter((each) => each !== null);
  const even = stages - fixed.length;
  const left = layers - fixed.reduce((sum, each) => sum + each, 0);
  const each = even === 0 ? 0 : left / even;
  const sizes = Array.from({ length: stages }, (_, stage) => {
    if (stage === 0 && first !== null) return first;
    return stage === stages - 1 && last !== null ? last : each;
  });
  const fits = (even > 0 || left === 0) &&
    sizes.every((size) => size >= 0 && Number.isInteger(size / chunks));
  if (!fits) return null;
  const spans: LayerSpan[][] = sizes.map(() => []);
  let from = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    for (const [stage, size] of sizes.entries()) {
      const to = from + size / chunks;
      spans[stage]?.push([from, to]);
      from = to;
    }
  }
  return spans;
}
