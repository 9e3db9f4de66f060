import { allLayers } from "../../tensors/layer_ranges.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { clipLayer, sizeOr, twoLinears } from "../blocks_vision.ts";
import type { Tower } from "./tower.ts";

/**
 * SigLIP 2 for pictures of any shape: patches come cut, so one linear embeds
 * them.
 *
 * Source: huggingface/transformers models/siglip2/modeling_siglip2.py
 */
export const siglip2Vision: Tower = (config, scope) => {
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
    pool(scope.scope("head"), width, intermediate);
  }
};

/** A probe attends to all patches, though no language model sees it. */
function pool(head: TensorScope, width: number, intermediate: number): void {
  head.parameter("probe", [1, 1, width], { role: "other" });
  head.parameter("attention.in_proj_weight", [3 * width, width], {
    role: "qkv",
  });
  head.parameter("attention.in_proj_bias", [3 * width], { role: "qkv" });
  head.linear("attention.out_proj", width, width, { role: "o", bias: true });
  head.norm("layernorm", width, { bias: true });
  twoLinears(head.scope("mlp"), width, intermediate);
}
