import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { attentionTensors, gatedMlp } from "./blocks.ts";
import { sizeOr } from "./blocks_vision.ts";
import { seeingAs } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { idefics2Vision, idefics3Vision } from "./towers/idefics_vision.ts";
import { projector, tower, visionLanguage } from "./vision_language.ts";

/**
 * Idefics2: SigLIP, a gated projection and a perceiver that reads an image into
 * a few latent tokens.
 *
 * Source: huggingface/transformers models/idefics2/modeling_idefics2.py
 */
export const idefics2 = visionLanguage({
  language: "mistral",
  body: "model.text_model",
  sight({ config, vision, text, hidden }, scope) {
    const width = sizeOr(vision, "hidden_size", 768);
    tower(idefics2Vision, vision, scope, "model.vision_model");
    const connector = projector(scope, "model.connector");
    const intermediate = text.size("intermediate_size");
    const projection = connector.scope("modality_projection");
    for (const role of ["gate", "up"] as const) {
      projection.linear(`${role}_proj`, width, intermediate, { role });
    }
    projection.linear("down_proj", intermediate, hidden, { role: "down" });
    perceiver(
      config.inner("perceiver_config"),
      connector.scope("perceiver_resampler"),
      hidden,
    );
  },
});

/**
 * Idefics3, and SmolVLM after it: SigLIP and one linear over shuffled patches.
 *
 * Source: huggingface/transformers models/idefics3/modeling_idefics3.py
 */
export const idefics3 = visionLanguage({
  language: "llama",
  body: "model.text_model",
  sight({ config, vision, hidden }, scope) {
    const width = sizeOr(vision, "hidden_size", 1152);
    tower(idefics3Vision, vision, scope, "model.vision_model");
    projector(scope, "model.connector").linear(
      "modality_projection.proj",
      width * sizeOr(config, "scale_factor", 2) ** 2,
      hidden,
      { role: "projector" },
    );
  },
});

function perceiver(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
): void {
  scope.parameter(
    "latents",
    [sizeOr(config, "resampler_n_latents", 64), hidden],
    { role: "other" },
  );
  const layer = scope.layers(
    "layers",
    allLayers(sizeOr(config, "resampler_depth", 3)),
  );
  layer.norm("input_latents_norm", hidden);
  layer.norm("input_context_norm", hidden);
  attentionTensors(layer, {
    hidden,
    heads: sizeOr(config, "resampler_n_heads", 16),
    kvHeads: sizeOr(config, "num_key_value_heads", 4),
    headDim: sizeOr(config, "resampler_head_dim", 96),
  });
  layer.norm("post_attention_layernorm", hidden);
  gatedMlp(layer, hidden, 4 * hidden);
  scope.norm("norm", hidden);
}

const IDEFICS3 = seeingAs("idefics3", true);

/** The types of this file. */
export const IDEFICS_TYPES: FamilyTypes = {
  idefics2: ofType(idefics2),
  idefics3: ofType(idefics3, { sight: IDEFICS3 }),
  smolvlm: ofType(idefics3, { sight: IDEFICS3 }),
};
