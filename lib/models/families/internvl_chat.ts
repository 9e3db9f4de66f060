import { allLayers } from "../tensors/layer_ranges.ts";
import { anyLanguage, declareLanguage } from "./any_language.ts";
import { sizeOr, twoLinears } from "./blocks_vision.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";
import type { TowerFamily } from "./towers/tower.ts";

/** InternViT: norms by the config's choice, a scale a channel after each half. */
const vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 3200);
  const patch = sizeOr(config, "patch_size", 14) || 1;
  const side = Math.floor(sizeOr(config, "image_size", 224) / patch);
  const bias = config.text("norm_type", "rms_norm") === "layer_norm";
  const embed = scope.scope("embeddings");
  embed.parameter("class_embedding", [1, 1, width], { role: "other" });
  embed.parameter("position_embedding", [1, side ** 2 + 1, width], {
    role: "position",
  });
  embed.conv("patch_embedding", [
    width,
    sizeOr(config, "num_channels", 3),
    patch,
    patch,
  ], { bias: true });
  const layer = scope.layers(
    "encoder.layers",
    allLayers(sizeOr(config, "num_hidden_layers", 48)),
  );
  layer.parameter("ls1", [width], { role: "other" });
  layer.parameter("ls2", [width], { role: "other" });
  const at = layer.scope("attn");
  at.linear("qkv", width, 3 * width, {
    role: "qkv",
    bias: config.flag("qkv_bias", false),
    cut: "column",
  });
  if (config.flag("qk_normalization", true)) {
    at.norm("q_norm", width);
    at.norm("k_norm", width);
  }
  at.linear("proj", width, width, { role: "o", bias: true, cut: "row" });
  twoLinears(
    layer.scope("mlp"),
    width,
    sizeOr(config, "intermediate_size", 12800),
  );
  layer.norm("norm1", width, { bias });
  layer.norm("norm2", width, { bias });
};

/**
 * InternVL as its own code has it, from 1.5 to 3.5: InternViT, a projector over
 * shuffled patches and any decoder, under "llm_config".
 *
 * Source: the code beside the weights of OpenGVLab/InternVL2_5-8B
 * (modeling_internvl_chat.py, modeling_intern_vit.py), which is not in transformers:
 * the totals of InternVL2.5's seven sizes are checked
 */
export const internvlChat: Family = (config, scope) => {
  const seen = config.inner("vision_config");
  vision(seen, scope.scope("vision_model", "vision_tower"));
  const key = config.has("llm_config") ? "llm_config" : "text_config";
  const language = anyLanguage(config.inner(key), `model.config.${key}`);
  const hidden = language.text.size("hidden_size");
  const ratio = config.number("downsample_ratio", 0.5);
  const inputs = sizeOr(seen, "hidden_size", 3200) *
    (ratio > 0 ? Math.floor(1 / ratio) : 1) ** 2;
  const at = scope.scope("mlp1", "projector");
  at.norm("0", inputs, { bias: true });
  at.linear("1", inputs, hidden, { role: "projector", bias: true });
  at.linear("3", hidden, hidden, { role: "projector", bias: true });
  declareLanguage(language, scope.scope("language_model"));
};

/** The types of this file. */
export const INTERNVL_CHAT_TYPES: FamilyTypes = {
  internvl_chat: ofClasses(internvlChat, { unplayed: UNPLAYED }),
};
