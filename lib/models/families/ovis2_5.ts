import { allLayers } from "../tensors/layer_ranges.ts";
import { anyLanguage, declareLanguage } from "./any_language.ts";
import { clipLayer, pairOf, sizeOr } from "./blocks_vision.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";
import type { TowerFamily } from "./towers/tower.ts";

/** Words of images that mark their begin and end, which the head does not give. */
const MARKS = 4;

/** SigLIP 2 for pictures of any shape, turned as well as placed. */
const vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1152);
  const kernel = pairOf(config, "patch_size", 16);
  const embeddings = scope.scope("embeddings");
  const channels = sizeOr(config, "num_channels", 3);
  embeddings.conv("patch_embedding", [width, channels, ...kernel], {
    bias: true,
  });
  const side = Math.floor(sizeOr(config, "image_size", 512) / kernel[0]);
  embeddings.embedding("position_embedding", side ** 2, width, "position");
  const layers = allLayers(sizeOr(config, "num_hidden_layers", 27));
  clipLayer(
    scope.layers("encoder.layers", layers),
    width,
    sizeOr(config, "intermediate_size", 4304),
  );
  scope.norm("post_layernorm", width, { bias: true });
};

/**
 * Ovis 2.5: SigLIP 2, a head that gives each of its patches a mixture of words of
 * images, their embedding, and any decoder.
 *
 * Source: the code beside the weights of AIDC-AI/Ovis2.5-9B (modeling_ovis2_5.py),
 * whose sizes transformers' conversion of it states; rounded totals alone are checked
 */
export const ovis25: Family = (config, scope) => {
  const seen = config.inner("vit_config");
  const language = anyLanguage(
    config.inner("llm_config"),
    "model.config.llm_config",
  );
  const words = sizeOr(config, "visual_vocab_size", 65_536);
  const merged = sizeOr(seen, "hidden_size", 1152) *
    sizeOr(seen, "hidden_stride", 2) ** 2;
  const tokenizer = scope.scope("visual_tokenizer", "vision_tower");
  vision(seen, tokenizer.scope("vit.vision_model"));
  tokenizer.linear("head.0", merged, words - MARKS, { role: "projector" });
  tokenizer.norm("head.1", words - MARKS, { bias: true });
  scope.as("projector").parameter(
    "vte.weight",
    [words, language.text.size("hidden_size")],
    { role: "projector" },
  );
  declareLanguage(language, scope.scope("llm"));
};

/** The types of this file. */
export const OVIS2_5_TYPES: FamilyTypes = {
  ovis2_5: {
    ...ofClasses(ovis25, { unplayed: UNPLAYED }),
    isPartly: () => true,
  },
};
