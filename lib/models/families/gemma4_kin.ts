import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp } from "./blocks.ts";
import { sizeOr } from "./blocks_vision.ts";
import { CACHING_KIN } from "./caching_kin.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses, ofType } from "./family.ts";
import { GEMMA4_DEFAULTS } from "./gemma4.ts";
import { GEMMA4, gemma4UnifiedText } from "./gemma4_text.ts";
import { gemma4Vision } from "./towers/gemma4_vision.ts";
import { projector, tower } from "./vision_language.ts";

/**
 * Gemma 4's assistant: a small decoder that guesses a target's next tokens by the
 * target's own keys and values, so that no layer makes any.
 *
 * Source: huggingface/transformers
 * models/gemma4_assistant/modeling_gemma4_assistant.py
 */
function assistant(target: number): Family {
  return (config, scope) => {
    const given = config.inner("text_config");
    // transformers builds none with inputs of each token.
    for (
      const key of ["hidden_size_per_layer_input", "vocab_size_per_layer_input"]
    ) {
      const size = given.optional(key) ?? 0;
      if (size !== 0) given.refuse(key, "must be 0 of an assistant", size);
    }
    const layers = sizeOr(
      given,
      "num_hidden_layers",
      GEMMA4_DEFAULTS.num_hidden_layers,
    );
    const text = new ConfigWithDefaults(
      new SharedLayers(given, layers),
      { ...GEMMA4_DEFAULTS, hidden_size_per_layer_input: 0 },
      "model.config.text_config",
    );
    const hidden = text.size("hidden_size");
    const backbone = sizeOr(config, "backbone_hidden_size", target);
    gemma4UnifiedText.body(text, scope.scope("model"));
    const role = "other";
    scope.linear("pre_projection", 2 * backbone, hidden, { role });
    scope.linear("post_projection", hidden, backbone, { role });
    if (config.flag("use_ordered_embeddings", false)) {
      const centroids = sizeOr(config, "num_centroids", 2048);
      scope.linear("masked_embedding.centroids", hidden, centroids, { role });
      scope.buffer(
        "masked_embedding.token_ordering",
        [text.size("vocab_size")],
        8,
      );
    }
    if (!config.flag("tie_word_embeddings", true)) head(text, scope);
  };
}

/** Layers without keys and values of their own are all of them, where a config has 0. */
class SharedLayers extends ConfigWithDefaults {
  readonly #layers: number;

  constructor(given: ConfigReader, layers: number) {
    super(given, {}, "model.config.text_config");
    this.#layers = layers;
  }

  override optional(...keys: string[]): number | null {
    const said = super.optional(...keys);
    return keys[0] === "num_kv_shared_layers" && !said ? this.#layers : said;
  }
}

/**
 * DiffusionGemma: Gemma 4 with experts reads, and the same weights, with an MLP that
 * takes in the tokens of the step before, write a block at once.
 *
 * Source: huggingface/transformers
 * models/diffusion_gemma/modeling_diffusion_gemma.py
 */
const diffusionGemma: Family = (config, scope) => {
  const text = new ConfigWithDefaults(
    config.inner("text_config"),
    {
      ...GEMMA4_DEFAULTS,
      hidden_size_per_layer_input: 0,
      enable_moe_block: true,
      // Full layers have no values: their keys are those as well.
      attention_k_eq_v: true,
    },
    "model.config.text_config",
  );
  const vision = config.inner("vision_config");
  const hidden = text.size("hidden_size");
  const [named = ""] = config.texts("architectures");
  const isBody = named === "DiffusionGemmaModel";
  const model = isBody ? scope : scope.scope("model");
  gemma4UnifiedText.body(text, model.scope("encoder.language_model"));
  tower(gemma4Vision, vision, model, "encoder.vision_tower");
  projector(model, "encoder.embed_vision").linear(
    "embedding_projection",
    sizeOr(vision, "output_proj_dims", sizeOr(vision, "hidden_size", 768)),
    hidden,
    { role: "projector" },
  );
  const writer = model.scope("decoder");
  const isTied = config.flag("tie_word_embeddings", true);
  if (!isTied) gemma4UnifiedText.body(text, writer);
  writer.norm("self_conditioning.pre_norm", hidden);
  gatedMlp(writer, hidden, text.size("intermediate_size"), {
    name: "self_conditioning",
  });
  if (!isTied && !isBody) head(text, scope);
};

function head(text: ConfigReader, scope: TensorScope): void {
  scope.linear("lm_head", text.size("hidden_size"), text.size("vocab_size"), {
    role: "head",
    cut: "column",
  });
}

const CODE = {
  cache: CACHING_KIN["gemma4_assistant"] ?? {},
  unplayed: UNPLAYED,
};

/** The types of this file. */
export const GEMMA4_KIN: FamilyTypes = {
  diffusion_gemma: ofClasses(diffusionGemma, GEMMA4, { unplayed: UNPLAYED }),
  gemma4_assistant: ofType(assistant(1536), GEMMA4, CODE),
  gemma4_unified_assistant: ofType(assistant(3840), GEMMA4, CODE),
};
