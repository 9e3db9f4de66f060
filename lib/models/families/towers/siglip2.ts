import { allLayers } from "../../tensors/layer_ranges.ts";
import { clipLayer, sizeOr } from "../blocks_vision.ts";
import { poolingHead } from "./siglip.ts";
import type { TowerFamily } from "./tower.ts";

/**
 * SigLIP 2 for pictures of any shape: patches come cut, so one linear embeds
 * them.
 *
 * Source: huggingface/transformers models/siglip2/modeling_siglip2.py
 */
export const siglip2Vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 768);
  const intermediate = sizeOr(config, "intermediate_size", 3072);
  const inputs = sizeOr(config, "num_channels", 3) *
    sizeOr(config, "patch_size", 16) ** 2;
  const embeddings = scope.scope("embeddings");
  embeddings.linear("patch_embedding", inputs, width, {
    role: "other",
    bias: true,
  });
  embeddings.embedding(
    "position_embedding",
    sizeOr(config, "num_patches", 256),
    width,
    "position",
  );
  const layers = allLayers(sizeOr(config, "num_hidden_layers", 12));
  clipLayer(scope.layers("encoder.layers", layers), width, intermediate);
  scope.norm("post_layernorm", width, { bias: true });
  if (config.flag("vision_use_head", true)) {
    // Declared, though no language model sees what it makes.
    poolingHead(scope.scope("head"), width, intermediate);
  }
};
