import { allLayers } from "../../tensors/layer_ranges.ts";
import { clipLayer, patchesOf, sizeOr } from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";
import { unwrapped } from "./unwrapped.ts";

/**
 * CLIP's vision transformer: a class token, patches without a bias and a norm
 * before the layers.
 *
 * Source: huggingface/transformers models/clip/modeling_clip.py
 */
export const clipVision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 768);
  const { patches, kernel } = patchesOf(config, { image: 224, patch: 32 });
  const embeddings = scope.scope("embeddings");
  embeddings.parameter("class_embedding", [width], { role: "other" });
  embeddings.conv("patch_embedding", [
    width,
    sizeOr(config, "num_channels", 3),
    ...kernel,
  ]);
  embeddings.embedding("position_embedding", patches + 1, width, "position");
  embeddings.buffer("position_ids", [1, patches + 1], 8);
  scope.norm("pre_layrnorm", width, { bias: true });
  const layers = allLayers(sizeOr(config, "num_hidden_layers", 12));
  clipLayer(
    scope.layers("encoder.layers", layers),
    width,
    sizeOr(config, "intermediate_size", 3072),
  );
  scope.norm("post_layernorm", width, { bias: true });
};

/** CLIP's vision transformer before a language model. */
export const clipTower: TowerFamily = (config, scope) =>
  clipVision(config, unwrapped(config, scope));
