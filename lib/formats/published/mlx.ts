import { packingLike } from "../weight_packing.ts";
import type { MethodReader } from "./method.ts";
import { inGroups, ofGroups, published, ruleFor } from "./method.ts";
import { restRule } from "./rules.ts";

/** Towers that mlx-vlm leaves as they are. */
const TOWERS = [
  "visual",
  "vision_tower",
  "vision_model",
  "audio_tower",
  "multi_modal_projector",
];
/** Tables of embeddings, which it packs as it does linear layers. */
const TABLES = ["embed_tokens", "word_embeddings", "wte"];

/**
 * MLX's affine packing: integers in words of 32 bits, a scale and a bias of 16 bits a
 * group of 64 inputs; tables of embeddings and the head too.
 *
 * Source: ml-explore/mlx-lm mlx_lm/utils.py, quantize_model; ml-explore/mlx
 * python/mlx/nn/layers/quantized.py; Blaizzy/mlx-vlm mlx_vlm/utils.py,
 * skip_multimodal_module
 */
export const mlx: MethodReader = (settings) => {
  const packing = packingLike({
    layout: "mlx",
    bits: settings.bits(4),
    ...inGroups(settings.group(64)),
    symmetric: false,
  });
  return published({
    words: `MLX, ${packing.bits} bits${ofGroups(packing.group ?? -1)}`,
    packsHead: true,
    packsTables: true,
    rules: [
      ...ruleFor(settings, { names: TOWERS, key: "bits" }, null),
      ...ruleFor(settings, { names: TABLES, key: "bits" }, packing),
      restRule(packing),
    ],
  });
};
