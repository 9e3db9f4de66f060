import { sizeOr } from "./blocks_vision.ts";
import { numberOf } from "./code/setting.ts";
import { SQUARE } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { GEMMA, GEMMA3 } from "./gemma.ts";
import { towerOf } from "./towers/mod.ts";
import { projector, tower, visionLanguage } from "./vision_language.ts";

/**
 * PaliGemma: SigLIP, one linear and Gemma; PaliGemma 2 has Gemma 2.
 *
 * Source: huggingface/transformers models/paligemma/modeling_paligemma.py
 */
export const paligemma = visionLanguage({
  language: "gemma",
  sight({ config, vision }, scope) {
    const { declare, width } = towerOf(vision, "siglip_vision_model");
    tower(declare, vision, scope);
    projector(scope).linear(
      "linear",
      width,
      sizeOr(config, "projection_dim", 2048),
      { role: "projector", bias: true },
    );
  },
});

/**
 * Gemma 3 with SigLIP, whose pooled patches one matrix projects.
 *
 * Source: huggingface/transformers models/gemma3/modeling_gemma3.py
 */
export const gemma3Sight = visionLanguage({
  language: "gemma3_text",
  sight({ vision, hidden }, scope) {
    const { declare, width } = towerOf(vision, "siglip_vision_model");
    tower(declare, vision, scope);
    const at = projector(scope);
    at.parameter("mm_input_projection_weight", [width, hidden], {
      role: "projector",
    });
    at.norm("mm_soft_emb_norm", width);
  },
});

/** The types of this file. */
export const PALIGEMMA_TYPES: FamilyTypes = {
  gemma3: ofType(gemma3Sight, GEMMA3, {
    // Gemma3ForConditionalGeneration.forward, compared up to 5.16 and from 5.17.
    loss: { ownUntil: [5, 17] },
    sight: {
      ...SQUARE,
      merged: (config, patches) =>
        patches / numberOf(config, [["mm_tokens_per_image"], 256]),
      pools: true,
      masksImages: true,
    },
  }),
  paligemma: ofType(paligemma, GEMMA, {
    sight: { ...SQUARE, anyDecoder: true, masksImages: true },
  }),
};
