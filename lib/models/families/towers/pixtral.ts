import { allLayers } from "../../tensors/layer_ranges.ts";
import { attentionTensors, gatedMlp } from "../blocks.ts";
import { pairOf, sizeOr } from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * Pixtral's vision transformer, built like a llama: RMS norms, a gated MLP and
 * rotary positions of two axes.
 *
 * Source: huggingface/transformers models/pixtral/modeling_pixtral.py
 */
export const pixtralTower: TowerFamily = (config, scope) => {
  const hidden = sizeOr(config, "hidden_size", 1024);
  const heads = Math.max(1, sizeOr(config, "num_attention_heads", 16));
  const headDim = Math.floor(hidden / heads);
  scope.conv("patch_conv", [
    hidden,
    sizeOr(config, "num_channels", 3),
    ...pairOf(config, "patch_size", 16),
  ]);
  scope.norm("ln_pre", hidden);
  const layer = scope.layers(
    "transformer.layers",
    allLayers(sizeOr(config, "num_hidden_layers", 24)),
  );
  layer.norm("attention_norm", hidden);
  gatedMlp(layer, hidden, sizeOr(config, "intermediate_size", 4096), {
    name: "feed_forward",
  });
  // As wide as the tower, whether or not its heads divide it.
  attentionTensors(layer, { hidden, heads: 1, kvHeads: 1, headDim: hidden }, {
    name: "attention",
  });
  layer.norm("ffn_norm", hidden);
  const rotary = scope.scope("patch_positional_embedding");
  const frequencies = Math.ceil(sizeOr(config, "head_dim", headDim) / 2);
  rotary.buffer("inv_freq", [frequencies], 4);
  rotary.buffer("original_inv_freq", [frequencies], 4);
};
