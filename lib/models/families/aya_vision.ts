import type { TensorScope } from "../tensors/tensor_scope.ts";
import { projectorLinears, sizeOr } from "./blocks_vision.ts";
import { seeingAs } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { towerOf } from "./towers/mod.ts";
import type { Parts } from "./vision_language.ts";
import { projector, tower, visionLanguage } from "./vision_language.ts";

/**
 * Aya Vision: SigLIP, a gated projector over shuffled patches and Cohere 2.
 *
 * Source: huggingface/transformers models/aya_vision/modeling_aya_vision.py
 */
export const ayaVision = visionLanguage({
  language: "cohere2",
  sight: (parts, scope) =>
    see(parts, scope, { normed: true, inner: parts.hidden }),
});

/**
 * Command A Vision: Aya Vision without the projector's norm.
 *
 * Source: huggingface/transformers
 * models/cohere2_vision/modeling_cohere2_vision.py
 */
export const cohere2Vision = visionLanguage({
  language: "cohere2",
  sight: (parts, scope) => see(parts, scope, { normed: false, inner: 36_864 }),
});

function see(
  { config, vision, hidden }: Parts,
  scope: TensorScope,
  { normed, inner }: { normed: boolean; inner: number },
): void {
  const { declare, width } = towerOf(vision, "siglip_vision_model");
  tower(declare, vision, scope);
  const inputs = width * sizeOr(config, "downsample_factor", 2) ** 2;
  const at = projector(scope);
  if (normed) at.norm("layernorm", inputs, { bias: true });
  projectorLinears(at, {
    inputs,
    hidden: sizeOr(config, "alignment_intermediate_size", inner),
    outputs: hidden,
    gated: true,
  });
}

/** The types of this file. */
export const AYA_TYPES: FamilyTypes = {
  aya_vision: ofType(ayaVision, { sight: seeingAs("aya_vision", true) }),
  cohere2_vision: ofType(cohere2Vision, {
    layer: { norm: "cohere" },
    sight: seeingAs("cohere2_vision", true),
  }),
};
