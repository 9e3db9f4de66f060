import { allLayers } from "../../tensors/layer_ranges.ts";
import { patchesOf, sizeOr, twoLinears } from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * BLIP-2's vision transformer, of EVA-CLIP: a class token and a fused qkv.
 *
 * Source: huggingface/transformers models/blip_2/modeling_blip_2.py
 */
export const blip2Vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1408);
  const { patches, kernel } = patchesOf(config, { image: 224, patch: 14 });
  const embeddings = scope.scope("embeddings");
  embeddings.parameter("class_embedding", [1, 1, width], { role: "other" });
  embeddings.parameter("position_embedding", [1, patches + 1, width], {
    role: "position",
  });
  embeddings.conv("patch_embedding", [width, 3, ...kernel], { bias: true });
  const layers = allLayers(sizeOr(config, "num_hidden_layers", 39));
  const layer = scope.layers("encoder.layers", layers);
  layer.linear("self_attn.qkv", width, 3 * width, {
    role: "qkv",
    bias: config.flag("qkv_bias", true),
    cut: "column",
  });
  layer.linear("self_attn.projection", width, width, {
    role: "o",
    bias: true,
    cut: "row",
  });
  layer.norm("layer_norm1", width, { bias: true });
  twoLinears(
    layer.scope("mlp"),
    width,
    sizeOr(config, "intermediate_size", 6144),
  );
  layer.norm("layer_norm2", width, { bias: true });
  scope.norm("post_layernorm", width, { bias: true });
};
