import { allLayers } from "../../tensors/layer_ranges.ts";
import {
  patchesOf,
  sizeOr,
  twoLinears,
  vitAttention,
} from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * InternVL's vision transformer: BEiT's layers, each scaled by two learned
 * vectors.
 *
 * Source: huggingface/transformers models/internvl/modeling_internvl.py
 */
export const internvlVision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1024);
  const { patches, kernel } = patchesOf(config, { image: 448, patch: 14 });
  const embeddings = scope.scope("embeddings");
  embeddings.parameter("cls_token", [1, 1, width], { role: "other" });
  if (config.flag("use_mask_token", false)) {
    embeddings.parameter("mask_token", [1, 1, width], { role: "other" });
  }
  if (config.flag("use_absolute_position_embeddings", true)) {
    embeddings.parameter("position_embeddings", [1, patches + 1, width], {
      role: "position",
    });
  }
  const channels = sizeOr(config, "num_channels", 3);
  embeddings.conv(
    "patch_embeddings.projection",
    [width, channels, ...kernel],
    { bias: true },
  );
  const layer = scope.layers(
    "encoder.layer",
    allLayers(sizeOr(config, "num_hidden_layers", 24)),
  );
  layer.parameter("lambda_1", [width], { role: "other" });
  layer.parameter("lambda_2", [width], { role: "other" });
  const attention = layer.scope("attention");
  vitAttention(attention, width, {
    bias: config.flag("attention_bias", false),
    outputBias: true,
    output: "projection_layer",
  });
  if (config.flag("use_qk_norm", false)) {
    attention.norm("q_norm", width);
    attention.norm("k_norm", width);
  }
  twoLinears(
    layer.scope("mlp"),
    width,
    sizeOr(config, "intermediate_size", 4096),
  );
  const bias = config.text("norm_type", "layer_norm") === "layer_norm";
  layer.norm("layernorm_before", width, { bias });
  layer.norm("layernorm_after", width, { bias });
  if (!config.flag("use_mean_pooling", true)) {
    scope.norm("layernorm", width, { bias: true });
  }
};
