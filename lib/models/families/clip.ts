import { withClasses } from "../heads/with_classes.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { clipLayer, sizeOr } from "./blocks_vision.ts";
import { MASKED_HEADS } from "./code/parts.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses, ofHeaders } from "./family.ts";
import { IMAGE_CLASSES } from "./tower_classes.ts";
import { clipVision } from "./towers/clip.ts";
import { siglipVision } from "./towers/siglip.ts";

/** What a text_config leaves out. */
interface TextDefaults {
  vocabulary: number;
  width: number;
  intermediate: number;
  positions: number;
}

/**
 * CLIP: a text and a vision transformer, both projected to one space.
 *
 * Source: huggingface/transformers models/clip/modeling_clip.py
 */
export const clip: Family = (config, scope) => {
  scope.parameter("logit_scale", [], { role: "other" });
  const text = config.inner("text_config");
  const width = textTransformer(text, scope.scope("text_model"), {
    vocabulary: 49_408,
    width: 512,
    intermediate: 2_048,
    positions: 77,
  });
  const vision = config.inner("vision_config");
  clipVision(vision, scope.scope("vision_model", "vision_tower"));
  const shared = sizeOr(config, "projection_dim", 512);
  const at = scope.as("projector");
  at.linear("visual_projection", sizeOr(vision, "hidden_size", 768), shared, {
    role: "projector",
  });
  at.linear("text_projection", width, shared, { role: "projector" });
};

/**
 * SigLIP: CLIP whose text model ends in a linear and whose vision model in a
 * pooling head.
 *
 * Source: huggingface/transformers models/siglip/modeling_siglip.py
 */
export const siglip: Family = (config, scope) => {
  scope.parameter("logit_scale", [1], { role: "other" });
  scope.parameter("logit_bias", [1], { role: "other" });
  const text = config.inner("text_config");
  const at = scope.scope("text_model");
  const width = textTransformer(text, at, {
    vocabulary: 32_000,
    width: 768,
    intermediate: 3_072,
    positions: 64,
  });
  at.linear("head", width, sizeOr(text, "projection_size", width), {
    role: "projector",
    bias: true,
  });
  siglipVision(
    config.inner("vision_config"),
    scope.scope("vision_model", "vision_tower"),
  );
};

/** Declares a text transformer and says how wide it is. */
function textTransformer(
  config: ConfigReader,
  scope: TensorScope,
  defaults: TextDefaults,
): number {
  const width = sizeOr(config, "hidden_size", defaults.width);
  const positions = sizeOr(
    config,
    "max_position_embeddings",
    defaults.positions,
  );
  const embeddings = scope.scope("embeddings");
  embeddings.embedding(
    "token_embedding",
    sizeOr(config, "vocab_size", defaults.vocabulary),
    width,
  );
  embeddings.embedding("position_embedding", positions, width, "position");
  embeddings.buffer("position_ids", [1, positions], 8);
  clipLayer(
    scope.layers(
      "encoder.layers",
      allLayers(sizeOr(config, "num_hidden_layers", 12)),
    ),
    width,
    sizeOr(config, "intermediate_size", defaults.intermediate),
  );
  scope.norm("final_layer_norm", width, { bias: true });
  return width;
}

/** Towers without a decoder, and those that only headers tell. */
export const CLIP_TYPES: FamilyTypes = {
  clip: ofClasses(withClasses(clip, IMAGE_CLASSES), MASKED_HEADS),
  siglip: ofClasses(withClasses(siglip, IMAGE_CLASSES), MASKED_HEADS),
  siglip2: ofHeaders(MASKED_HEADS),
  clip_text_model: ofHeaders({ sizes: { gated: false } }),
};
