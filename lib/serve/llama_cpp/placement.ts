import type { LlamaSettings } from "./settings.ts";

/** Which backend has which layer; the host is the one after the last GPU. */
export interface LayerPlacement {
  readonly gpus: number;
  readonly host: number;
  /** Of each layer. */
  readonly layers: readonly number[];
  readonly output: number;
  /** Whether all layers and the output are on GPUs. */
  readonly isWhole: boolean;
}

/**
 * Deals layers out to the GPUs, the last ones of the model, by their free memory or
 * the shares that are asked for; the output counts as a layer more.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-model.cpp,
 * llama_model_base::load_tensors, get_layer_buft_list; its numbers are floats
 *
 * @param free Bytes that are free on each GPU before anything is loaded.
 */
export function placeLayers(
  { tensor_split, n_gpu_layers, gpus }: Pick<
    LlamaSettings,
    "tensor_split" | "n_gpu_layers" | "gpus"
  >,
  free: readonly number[],
  layers: number,
): LayerPlacement {
  const isAsked = tensor_split?.some((share) => share > 0) ?? false;
  const shares = Array.from(
    { length: gpus },
    (_, at) => isAsked ? tensor_split?.[at] ?? 0 : free[at] ?? 0,
  );
  const ends: number[] = [];
  let sum = 0;
  for (const share of shares) ends.push(sum = Math.fround(sum + share));
  const points = ends.map((end) => Math.fround(end / sum));
  const first = Math.max(layers + 1 - n_gpu_layers, 0);
  const offloaded = Math.min(n_gpu_layers, layers + 1);
  const placeOf = (layer: number) => {
    if (layer < first) return gpus;
    const at = Math.fround(Math.fround(layer - first) / offloaded);
    const gpu = points.findIndex((point) => point > at);
    return gpu < 0 ? gpus - 1 : gpu;
  };
  return {
    gpus,
    host: gpus,
    layers: Array.from({ length: layers }, (_, layer) => placeOf(layer)),
    output: placeOf(layers),
    isWhole: first === 0,
  };
}
