import type { TensorScope } from "../tensors/tensor_scope.ts";
import { listOf, projectorLinears, sizeOr } from "./blocks_vision.ts";
import { seeingAs } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { towerOf } from "./towers/mod.ts";
import type { Parts } from "./vision_language.ts";
import { projector, tower, visionLanguage } from "./vision_language.ts";

/**
 * Mistral 3: Pixtral's tower, whose patches are merged before two linears.
 *
 * Source: huggingface/transformers models/mistral3/modeling_mistral3.py
 */
export const mistral3 = visionLanguage({
  language: "mistral",
  sight(parts, scope) {
    const { config } = parts;
    see(parts, scope, {
      tower: "model.vision_tower",
      projector: "model.multi_modal_projector",
      features: listOf(config, "vision_feature_layer")?.length ?? 1,
      bias: config.flag("multimodal_projector_bias", false),
    });
  },
});

/**
 * LightOnOCR: Mistral 3's sight before Qwen3.
 *
 * Source: huggingface/transformers models/lighton_ocr/modeling_lighton_ocr.py
 */
export const lightonOcr = visionLanguage({
  language: "qwen3",
  tied: true,
  sight: (parts, scope) =>
    see(parts, scope, {
      tower: "model.vision_encoder",
      projector: "model.vision_projection",
      features: 1,
      bias: false,
    }),
});

function see(
  { config, vision, hidden }: Parts,
  scope: TensorScope,
  place: { tower: string; projector: string; features: number; bias: boolean },
): void {
  const { declare, width } = towerOf(vision, "pixtral");
  tower(declare, vision, scope, place.tower);
  const at = projector(scope, place.projector);
  at.norm("norm", width);
  const merged = width * sizeOr(config, "spatial_merge_size", 2) ** 2;
  at.linear("patch_merger.merging_layer", merged, width, {
    role: "projector",
  });
  projectorLinears(at, {
    inputs: width * place.features,
    hidden,
    bias: place.bias,
  });
}

/** The types of this file. */
export const MISTRAL3_TYPES: FamilyTypes = {
  lighton_ocr: ofType(lightonOcr, { sight: seeingAs("lighton_ocr", true) }),
  mistral3: ofType(mistral3, { sight: seeingAs("mistral3", true) }),
};
