import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import { sizeOr, twoLinears } from "./blocks_vision.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import { DECODERS } from "./decoders.ts";
import type { Decoder, Family, FamilyTypes } from "./family.ts";
import { headOf, ofClasses } from "./family.ts";
import { internlm2 } from "./remote_code.ts";
import { TEXT_DEFAULTS } from "./text_defaults.ts";
import type { TowerFamily } from "./towers/tower.ts";

/** InternViT: norms by the config's choice, a scale a channel after each half. */
const vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 3200);
  const patch = sizeOr(config, "patch_size", 14) || 1;
  const side = Math.floor(sizeOr(config, "image_size", 224) / patch);
  const bias = config.text("norm_type", "rms_norm") === "layer_norm";
  const embed = scope.scope("embeddings");
  embed.parameter("class_embedding", [1, 1, width], { role: "position" });
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

const LANGUAGES: Readonly<Record<string, Decoder>> = { ...DECODERS, internlm2 };

/**
 * InternVL as its own code has it, from 1.5 to 3.5: InternViT, a projector over
 * shuffled patches and any decoder, under "llm_config".
 *
 * Source: the code beside the weights of OpenGVLab/InternVL2_5-8B
 * (modeling_internvl_chat.py, modeling_intern_vit.py), which is not in transformers:
 * rounded totals alone are checked
 */
export const internvlChat: Family = (config, scope) => {
  const seen = config.inner("vision_config");
  vision(seen, scope.scope("vision_model", "vision_tower"));
  const { text, decoder } = languageOf(config);
  const hidden = text.size("hidden_size");
  const ratio = config.number("downsample_ratio", 0.5);
  const inputs = sizeOr(seen, "hidden_size", 3200) *
    (ratio > 0 ? Math.floor(1 / ratio) : 1) ** 2;
  const at = scope.scope("mlp1", "projector");
  at.norm("0", inputs, { bias: true });
  at.linear("1", inputs, hidden, { role: "projector", bias: true });
  at.linear("3", hidden, hidden, { role: "projector", bias: true });
  const language = scope.scope("language_model");
  decoder.body(text, language.scope(decoder.prefix));
  const tied = text.flag("tie_word_embeddings", decoder.tied);
  headOf(decoder, text, language, tied);
};

function languageOf(
  config: ConfigReader,
): { text: ConfigReader; decoder: Decoder } {
  const given = config.inner(
    config.has("llm_config") ? "llm_config" : "text_config",
  );
  const type = given.text("model_type", "");
  const decoder = Object.hasOwn(LANGUAGES, type) ? LANGUAGES[type] : undefined;
  if (!decoder) {
    const limit = `must be one of ${Object.keys(LANGUAGES).join(", ")}`;
    given.refuse("model_type", limit, type);
  }
  const text = new ConfigWithDefaults(
    given,
    TEXT_DEFAULTS[type] ?? {},
    "model.config.llm_config",
  );
  return { text, decoder: decoder ?? { prefix: "", tied: true, body() {} } };
}

/** The types of this file. */
export const INTERNVL_CHAT_TYPES: FamilyTypes = {
  internvl_chat: {
    ...ofClasses(internvlChat, { unplayed: UNPLAYED }),
    isPartly: () => true,
  },
};
