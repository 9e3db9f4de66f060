import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { sizeOr } from "./blocks_vision.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import type { Decoder, Family, FamilyTypes } from "./family.ts";
import { headOf, ofClasses } from "./family.ts";
import { llama } from "./llama.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";
import { minicpm } from "./remote_code.ts";
import { plainSiglip } from "./towers/siglip.ts";

/** SigLIP's largest with positions of 70 × 70 patches. */
const SIGLIP = {
  hidden_size: 1152,
  intermediate_size: 4304,
  num_hidden_layers: 27,
  image_size: 980,
  patch_size: 14,
};

/**
 * MiniCPM-V: SigLIP, a resampler that reads an image into some tokens, and the
 * language model that its `version` names.
 *
 * Source: the code beside the weights of openbmb/MiniCPM-V-2_6
 * (modeling_minicpmv.py, resampler.py), as Blaizzy/mlx-vlm models/minicpmo has it
 */
export const minicpmV: Family = (config, scope) => {
  const decoder = languageOf(config);
  const language = scope.scope("llm");
  decoder.body(config, language.scope(decoder.prefix));
  const tied = config.flag("tie_word_embeddings", decoder.tied);
  headOf(decoder, config, language, tied);
  const seen = new ConfigWithDefaults(
    config.inner("vision_config"),
    SIGLIP,
    "model.config.vision_config",
  );
  plainSiglip(seen, scope.scope("vpm", "vision_tower"), {
    width: 1152,
    image: 980,
    patch: 14,
  });
  resampler(
    config,
    scope.scope("resampler", "projector"),
    seen.size("hidden_size"),
  );
};

/** What each version of the code builds. */
function languageOf(config: ConfigReader): Decoder {
  const version = config.number("version", 2.6);
  if (version === 2.5 || version === 4) return llama;
  if (version === 2.6) return qwen2;
  if (version === 4.5) return qwen3;
  if (version !== 2) {
    config.refuse("version", "must be 2.0, 2.5, 2.6, 4.0 or 4.5", version);
  }
  return minicpm;
}

function resampler(
  config: ConfigReader,
  scope: TensorScope,
  inputs: number,
): void {
  const hidden = config.size("hidden_size");
  const queries = sizeOr(config, "query_num", 64);
  scope.parameter("query", [queries, hidden], { role: "other" });
  if (inputs !== hidden) {
    scope.linear("kv_proj", inputs, hidden, { role: "projector" });
  }
  scope.parameter("attn.in_proj_weight", [3 * hidden, hidden], { role: "qkv" });
  scope.parameter("attn.in_proj_bias", [3 * hidden], { role: "qkv" });
  scope.linear("attn.out_proj", hidden, hidden, { role: "o", bias: true });
  for (const name of ["ln_q", "ln_kv", "ln_post"]) {
    scope.norm(name, hidden, { bias: true });
  }
  scope.parameter("proj", [hidden, hidden], { role: "projector" });
}

/** The types of this file. */
export const MINICPM_V_TYPES: FamilyTypes = {
  minicpmv: {
    ...ofClasses(minicpmV, { unplayed: UNPLAYED }),
    isPartly: () => true,
  },
};
