import { allLayers } from "../tensors/layer_ranges.ts";
import { listOf, pairOf, sizeOr } from "./blocks_vision.ts";
import { LATENT_CACHE } from "./code/parts.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import { deepseekV3 } from "./deepseek.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { headOf, ofClasses } from "./family.ts";
import type { TowerFamily } from "./towers/tower.ts";

/** MoonViT as Kimi-VL has it, with learned positions of a grid. */
const vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1152);
  const inner = sizeOr(config, "intermediate_size", 4304);
  const embed = scope.scope("patch_embed");
  embed.conv("proj", [width, 3, ...pairOf(config, "patch_size", 14)], {
    bias: true,
  });
  embed.parameter("pos_emb.weight", [
    sizeOr(config, "init_pos_emb_height", 64),
    sizeOr(config, "init_pos_emb_width", 64),
    width,
  ], { role: "position" });
  const layer = scope.layers(
    "encoder.blocks",
    allLayers(sizeOr(config, "num_hidden_layers", 27)),
  );
  layer.norm("norm0", width, { bias: true });
  layer.norm("norm1", width, { bias: true });
  layer.linear("mlp.fc0", width, inner, {
    role: "up",
    bias: true,
    cut: "column",
  });
  layer.linear("mlp.fc1", inner, width, {
    role: "down",
    bias: true,
    cut: "row",
  });
  layer.linear("wqkv", width, 3 * width, {
    role: "qkv",
    bias: true,
    cut: "column",
  });
  layer.linear("wo", width, width, { role: "o", bias: true, cut: "row" });
  scope.norm("encoder.final_layernorm", width, { bias: true });
};

/**
 * Kimi-VL: MoonViT before DeepSeek-V3's build.
 *
 * Source: the code beside the weights of moonshotai/Kimi-VL-A3B-Instruct
 * (modeling_kimi_vl.py), which is not in transformers: rounded totals alone are checked
 */
export const kimiVl: Family = (config, scope) => {
  const seen = config.inner("vision_config");
  const text = config.inner("text_config");
  vision(seen, scope.scope("vision_tower", "vision_tower"));
  const [height = 2, width = 2] = listOf(seen, "merge_kernel_size") ?? [];
  const each = sizeOr(seen, "hidden_size", 1152);
  const merged = each * height * width;
  const hidden = text.size("hidden_size");
  const at = scope.scope("multi_modal_projector", "projector");
  at.norm("pre_norm", each, { bias: true });
  at.linear("linear_1", merged, merged, { role: "projector", bias: true });
  at.linear("linear_2", merged, hidden, { role: "projector", bias: true });
  const language = scope.scope("language_model");
  deepseekV3.body(text, language.scope(deepseekV3.prefix));
  headOf(deepseekV3, text, language, text.flag("tie_word_embeddings", false));
};

/** The types of this file. */
export const KIMI_VL_TYPES: FamilyTypes = {
  kimi_vl: {
    ...ofClasses(kimiVl, LATENT_CACHE, { unplayed: UNPLAYED }),
    isPartly: () => true,
  },
};
