import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { pairOf, patchesOf, sizeOr, twoLinears } from "./blocks_vision.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import { gotOcr2Vision } from "./towers/got_ocr2_vision.ts";

/** SAM's base and CLIP's large, whose sizes the code of DeepSeek-OCR holds. */
const SAM = { hidden_size: 768, num_hidden_layers: 12, mlp_dim: 3072 };
const CLIP = { width: 1024, layers: 24, image_size: 224, patch_size: 14 };

/**
 * SigLIP as timm writes it, with the attention that pools at its end.
 *
 * Source: deepseek-ai/DeepSeek-VL2 deepseek_vl2/models/siglip_vit.py
 */
export function siglipEyes(config: ConfigReader, scope: TensorScope): void {
  const width = sizeOr(config, "width", 1152);
  const inner = Math.floor(width * config.number("mlp_ratio", 3.7362));
  const sides = { image: 384, patch: 14 };
  const { patches, kernel } = patchesOf(config, sides);
  scope.conv("patch_embed.proj", [width, 3, ...kernel], { bias: true });
  scope.parameter("pos_embed", [1, patches, width], { role: "position" });
  const block = scope.layers("blocks", allLayers(sizeOr(config, "layers", 27)));
  block.norm("norm1", width, { bias: true });
  fused(block.scope("attn"), width, ["qkv", "proj"]);
  block.norm("norm2", width, { bias: true });
  twoLinears(block.scope("mlp"), width, inner);
  scope.norm("norm", width, { bias: true });
  const pool = scope.scope("attn_pool");
  pool.parameter("latent", [1, 1, width], { role: "other" });
  pool.linear("q", width, width, { role: "q", bias: true });
  pool.linear("kv", width, 2 * width, { role: "attention", bias: true });
  pool.linear("proj", width, width, { role: "o", bias: true });
  pool.norm("norm", width, { bias: true });
  twoLinears(pool.scope("mlp"), width, inner);
}

/** SAM with two more convolutions, and CLIP over what it saw. */
export function ocrEyes(config: ConfigReader, model: TensorScope): void {
  const sides = config.inner("width");
  const sam = model.scope("sam_model", "vision_tower");
  const path = "model.config.vision_config.width";
  gotOcr2Vision(
    new ConfigWithDefaults(config.inner("sam"), SAM, path),
    sam,
  );
  sam.conv("net_2", [512, 256, 3, 3]);
  sam.conv("net_3", [1024, 512, 3, 3]);
  const given = sides.inner("clip-l-14-224");
  const clip = new ConfigWithDefaults(given, CLIP, path);
  const width = clip.size("width");
  const [height, across] = pairOf(clip, "patch_size", 14);
  const side = Math.floor(clip.size("image_size") / height);
  const tower = model.scope("vision_model", "vision_tower");
  const embeddings = tower.scope("embeddings");
  embeddings.parameter("class_embedding", [width], { role: "other" });
  embeddings.conv("patch_embedding", [width, 3, height, across]);
  embeddings.embedding("position_embedding", side ** 2 + 1, width, "position");
  tower.norm("pre_layrnorm", width, { bias: true });
  const layer = tower.layers(
    "transformer.layers",
    allLayers(clip.size("layers")),
  );
  layer.norm("layer_norm1", width, { bias: true });
  fused(layer.scope("self_attn"), width, ["qkv_proj", "out_proj"]);
  layer.norm("layer_norm2", width, { bias: true });
  twoLinears(layer.scope("mlp"), width, 4 * width);
}

function fused(
  scope: TensorScope,
  width: number,
  [qkv, output]: readonly [string, string],
): void {
  scope.linear(qkv, width, 3 * width, {
    role: "qkv",
    bias: true,
    cut: "column",
  });
  scope.linear(output, width, width, { role: "o", bias: true, cut: "row" });
}
