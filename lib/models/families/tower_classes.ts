import type { ClassModel } from "../heads/with_classes.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { declareRenamed } from "../tensors/renamed.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { classifierHead, labelsOf } from "./blocks_classic.ts";
import { sizeOr } from "./blocks_vision.ts";

type Classes = Readonly<Record<string, ClassModel>>;

/**
 * The vision tower with classes of images.
 *
 * Source: huggingface/transformers models/clip/modeling_clip.py,
 * models/siglip/modeling_siglip.py
 */
export const IMAGE_CLASSES: Classes = {
  ForImageClassification(config, scope, whole) {
    keep(scope, whole, /^vision_model\./);
    const width = sizeOr(config.inner("vision_config"), "hidden_size", 768);
    classifierHead(scope, "classifier", width, labelsOf(config));
  },
};

/**
 * BLIP-2's tower, its Q-Former, and what projects both to one space.
 *
 * Source: huggingface/transformers models/blip_2/modeling_blip_2.py
 */
export const BLIP2_CLASSES: Classes = {
  ForImageTextRetrieval(config, scope, whole) {
    keep(scope, whole, /^(query_tokens|vision_model\.|qformer\.)/);
    words(config, scope);
    project(config, scope, "vision_projection");
    project(config, scope, "text_projection");
    classifierHead(scope, "itm_head", widthOf(config), 2);
  },
  TextModelWithProjection(config, scope, whole) {
    keep(scope, whole, /^(query_tokens|qformer\.)/);
    words(config, scope);
    project(config, scope, "text_projection");
  },
  VisionModelWithProjection(config, scope, whole) {
    keep(scope, whole, /^(query_tokens|vision_model\.|qformer\.)/);
    project(config, scope, "vision_projection");
  },
};

function keep(scope: TensorScope, whole: TensorScope, names: RegExp): void {
  declareRenamed(scope, whole, (name) => names.test(name) ? name : null);
}

/** The Q-Former's own embedding of words. */
function words(config: ConfigReader, scope: TensorScope): void {
  const qformer = config.inner("qformer_config");
  const width = widthOf(config);
  const positions = sizeOr(qformer, "max_position_embeddings", 512);
  const at = scope.scope("embeddings");
  at.embedding("word_embeddings", sizeOr(qformer, "vocab_size", 30_522), width);
  at.embedding("position_embeddings", positions, width, "position");
  at.buffer("position_ids", [1, positions], 8);
}

function project(
  config: ConfigReader,
  scope: TensorScope,
  name: string,
): void {
  const space = sizeOr(config, "image_text_hidden_size", 256);
  scope.linear(name, widthOf(config), space, { role: "projector", bias: true });
}

function widthOf(config: ConfigReader): number {
  return sizeOr(config.inner("qformer_config"), "hidden_size", 768);
}
