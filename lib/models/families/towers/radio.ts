import { allLayers } from "../../tensors/layer_ranges.ts";
import { gatedMlp } from "../blocks.ts";
import { sizeOr, twoLinears, vitAttention } from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * C-RADIO: a ViT whose patches are linears, of images and of frames of a video.
 *
 * Source: huggingface/transformers models/radio/modeling_radio.py
 */
export const radio: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1280);
  const patch = Math.max(1, sizeOr(config, "patch_size", 16));
  const side = Math.floor(sizeOr(config, "max_img_size", 2048) / patch);
  const pixels = sizeOr(config, "num_channels", 3) * patch ** 2;
  const first = sizeOr(config, "num_cls_tokens", 3) +
    sizeOr(config, "num_registers", 7);
  const embeddings = scope.scope("embeddings");
  embeddings.parameter("position_embedding", [1, side ** 2, width], {
    role: "position",
  });
  embeddings.parameter("cls_register_token", [first, width], {
    role: "other",
  });
  embeddings.linear("patch_projection", pixels, width, { role: "other" });
  const frames = config.optional("video_temporal_patch_size");
  if (frames !== null) {
    embeddings.linear("video_patch_projection", frames * pixels, width, {
      role: "other",
    });
  }
  const layers = allLayers(sizeOr(config, "num_hidden_layers", 32));
  const layer = scope.layers("encoder.layer", layers);
  const intermediate = Math.floor(width * config.number("mlp_ratio", 4));
  layer.norm("norm1", width, { bias: true });
  vitAttention(layer.scope("attention"), width, {
    bias: config.flag("qkv_bias", true),
    outputBias: true,
    output: "o_proj",
    heads: Math.max(1, sizeOr(config, "num_attention_heads", 16)),
  });
  layer.parameter("layer_scale1.lambda1", [width], { role: "other" });
  layer.norm("norm2", width, { bias: true });
  if (config.flag("use_swiglu_ffn", false)) {
    const gated = Math.floor(
      (Math.floor(intermediate * 2 / 3) + 7) / 8,
    ) * 8;
    gatedMlp(layer, width, gated, { bias: true });
  } else {
    twoLinears(layer.scope("mlp"), width, intermediate);
  }
  layer.parameter("layer_scale2.lambda1", [width], { role: "other" });
};
