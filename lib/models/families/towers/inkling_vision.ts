import type { ConfigReader } from "../../tensors/config_reader.ts";
import { layersWhere } from "../../tensors/layer_ranges.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { inLayers } from "../blocks_classic.ts";
import { sizeOr } from "../blocks_vision.ts";

/** Sides and channels of what a layer gives, for one pixel that it gives. */
interface Scale {
  frames: number;
  side: number;
  channels: number;
}

/** More layers than any tower has. */
const MAX_LAYERS = 1000;

/**
 * Inkling's vision tower: each layer folds pixels into channels or leaves them, as its
 * share of the whole way asks for.
 *
 * Source: huggingface/transformers models/inkling/modeling_inkling.py,
 * InklingVisionModel and plan_out_scales
 */
export function inklingVision(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
): void {
  const layers = sizeOr(config, "num_hidden_layers", 24);
  const patch = sizeOr(config, "patch_size", 40);
  if (layers < 1 || layers > MAX_LAYERS) {
    config.refuse(
      "num_hidden_layers",
      `must be from 1 to ${MAX_LAYERS}`,
      layers,
    );
    return;
  }
  if (patch < 2) {
    config.refuse("patch_size", "must be at least 2", patch);
    return;
  }
  const channels = sizeOr(config, "num_channels", 3);
  const frames = sizeOr(config, "temporal_patch_size", 2);
  const scales = scalesOf(patch, frames, channels);
  const total = patch ** 2 * frames * channels;
  const plan = planned(scales, layers, Math.log(total));
  const widths = plan.slice(1).map((end, layer) => {
    const start = plan[layer] ?? end;
    const folded = Math.floor(end.frames / start.frames) *
      Math.floor(end.side / start.side) ** 2;
    const outputs = layer === layers - 1 ? hidden : end.channels;
    return [start.channels * folded, outputs] as const;
  });
  for (const kind of new Set(widths.map((each) => each.join(" ")))) {
    const [inputs = 1, outputs = 1] = kind.split(" ").map(Number);
    const isKind = (layer: number) => widths[layer]?.join(" ") === kind;
    inLayers(scope, "encoder_layers", layersWhere(layers, isKind), (at) => {
      at.linear("projection", inputs, outputs, { role: "other" });
    });
    inLayers(
      scope,
      "encoder_layers",
      layersWhere(layers, (layer) => isKind(layer) && layer < layers - 1),
      (at) => at.norm("layer_norm", outputs),
    );
  }
  scope.norm("final_norm", hidden);
}

/** All sizes on the way from a pixel to a patch of all its frames. */
function scalesOf(patch: number, frames: number, channels: number): Scale[] {
  const sides = products(factorsOf(patch).reverse());
  const side = sides.at(-1) ?? 1;
  return [
    { frames: 1, side: 1, channels },
    ...sides.map((side) => ({
      frames: 1,
      side,
      channels: Math.ceil(side ** 2 * channels / 64) * 64,
    })),
    ...products(factorsOf(frames).reverse()).map((frames) => ({
      frames,
      side,
      channels: side ** 2 * channels * frames * 64,
    })),
  ];
}

/** The scale before the first layer and after each, as near to equal steps as can be. */
function planned(
  scales: readonly Scale[],
  layers: number,
  whole: number,
): readonly Scale[] {
  const sizes = scales.map(({ frames, side }) => Math.log(frames * side ** 2));
  const ideals = Array.from(
    { length: layers + 1 },
    (_, at) => whole * at / layers,
  );
  const chosen = layers >= scales.length
    ? ideals.map((ideal) => nearest(sizes, ideal))
    : assigned(sizes, ideals);
  chosen[0] = 0;
  chosen[layers] = scales.length - 1;
  return chosen.flatMap((at) => scales[at] ?? []);
}

function nearest(sizes: readonly number[], ideal: number): number {
  let best = 0;
  for (const [at, size] of sizes.entries()) {
    const isNearer = Math.abs(ideal - size) <
      Math.abs(ideal - (sizes[best] ?? 0));
    if (isNearer) best = at;
  }
  return best;
}

/** A size of its own for each ideal, so that they are nearest in sum; both ascend. */
function assigned(
  sizes: readonly number[],
  ideals: readonly number[],
): number[] {
  // The least sum for the first ideals, and the sizes that have it, by how many sizes may be taken.
  let best = sizes.map(() => ({ sum: 0, taken: [] as number[] }));
  best.push({ sum: 0, taken: [] });
  for (const ideal of ideals) {
    const next = [{ sum: Infinity, taken: [] as number[] }];
    for (const [at, size] of sizes.entries()) {
      const before = best[at];
      const without = next[at];
      if (!before || !without) continue;
      const sum = before.sum + Math.abs(ideal - size);
      next.push(
        sum < without.sum ? { sum, taken: [...before.taken, at] } : without,
      );
    }
    best = next;
  }
  return best.at(-1)?.taken ?? [];
}

function factorsOf(number: number): number[] {
  const factors: number[] = [];
  let rest = number;
  for (let by = 2; by * by <= rest; by += by === 2 ? 1 : 2) {
    while (rest % by === 0) {
      factors.push(by);
      rest /= by;
    }
  }
  if (rest > 1) factors.push(rest);
  return factors;
}

function products(factors: readonly number[]): number[] {
  let product = 1;
  return factors.map((factor) => product *= factor);
}
