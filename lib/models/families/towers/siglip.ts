import type { ConfigReader } from "../../tensors/config_reader.ts";
import { allLayers } from "../../tensors/layer_ranges.ts";
import type { TensorScope } from "../../tensors/tensor_scope.ts";
import { clipLayer, patchesOf, sizeOr, twoLinears } from "../blocks_vision.ts";
import type { TowerFamily } from "./tower.ts";
import { unwrapped } from "./unwrapped.ts";

/** What a config of this build leaves out. */
interface Defaults {
  width: number;
  image: number;
  patch: number;
}

/**
 * SigLIP's vision transformer: CLIP's without a class token, and with a pooling
 * head unless the config drops it.
 *
 * Source: huggingface/transformers models/siglip/modeling_siglip.py
 */
export const siglipVision: TowerFamily = (config, scope) => {
  const defaults = { width: 768, image: 224, patch: 16 };
  plainSiglip(config, scope, defaults);
  const { patches } = patchesOf(config, defaults);
  scope.scope("embeddings").buffer("position_ids", [1, patches], 8);
  if (config.flag("vision_use_head", true)) {
    poolingHead(
      scope.scope("head"),
      sizeOr(config, "hidden_size", defaults.width),
      sizeOr(config, "intermediate_size", 3072),
    );
  }
};

/** SigLIP's vision transformer before a language model. */
export const siglipTower: TowerFamily = (config, scope) =>
  siglipVision(config, unwrapped(config, scope));

/** The transformer without position ids and pooling head: Idefics' towers. */
export function plainSiglip(
  config: ConfigReader,
  scope: TensorScope,
  defaults: Defaults,
): void {
  const width = sizeOr(config, "hidden_size", defaults.width);
  const { patches, kernel } = patchesOf(config, defaults);
  const embeddings = scope.scope("embeddings");
  const channels = sizeOr(config, "num_channels", 3);
  embeddings.conv("patch_embedding", [width, channels, ...kernel], {
    bias: true,
  });
  embeddings.embedding("position_embedding", patches, width, "position");
  clipLayer(
    scope.layers(
      "encoder.layers",
      allLayers(sizeOr(config, "num_hidden_layers", 12)),
    ),
    width,
    sizeOr(config, "intermediate_size", 3072),
  );
  scope.norm("post_layernorm", width, { bias: true });
}

/** PyTorch's own attention over a learned probe, then an MLP. */
export function poolingHead(
  head: TensorScope,
  width: number,
  intermediate: number,
): void {
  head.parameter("probe", [1, 1, width], { role: "other" });
  head.parameter("attention.in_proj_weight", [3 * width, width], {
    role: "qkv",
  });
  head.parameter("attention.in_proj_bias", [3 * width], { role: "qkv" });
  head.linear("attention.out_proj", width, width, { role: "o", bias: true });
  head.norm("layernorm", width, { bias: true });
  twoLinears(head.scope("mlp"), width, intermediate);
}
