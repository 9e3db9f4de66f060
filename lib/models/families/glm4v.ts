import type { CodeParts } from "./code/code.ts";
import { GATED_NAMES, WIDE_SIGMOIDS } from "./code/parts.ts";
import { seeingAs } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { glm4vVision, glmOcrVision } from "./towers/glm4v_vision.ts";
import type { TowerFamily } from "./towers/tower.ts";
import { tower, visionLanguage } from "./vision_language.ts";

/**
 * GLM-4.1V: its tower and its decoder.
 *
 * Source: huggingface/transformers models/glm4v/modeling_glm4v.py
 */
export const glm4v = compose("glm4v_text", glm4vVision);

/**
 * GLM-4.5V: the same with experts.
 *
 * Source: huggingface/transformers models/glm4v_moe/modeling_glm4v_moe.py
 */
export const glm4vMoe = compose("glm4v_moe_text", glm4vVision);

/**
 * GLM-OCR: a tower and a decoder of its own, both after GLM-4V's.
 *
 * Source: huggingface/transformers models/glm_ocr/modeling_glm_ocr.py
 */
export const glmOcr = compose("glm_ocr_text", glmOcrVision);

function compose(language: string, declare: TowerFamily) {
  return visionLanguage({
    language,
    fixed: true,
    ties: "either",
    sight({ vision }, scope) {
      tower(declare, vision, scope, "model.visual");
    },
  });
}

/** Half of each head is turned, by tables of time, height and width. */
const SEEING: CodeParts = {
  rotary: { kind: "part", share: 0.5, perSequence: true },
  sight: seeingAs("glm4v"),
};

/** The types of this file. */
export const GLM4V_TYPES: FamilyTypes = {
  glm4v: ofType(glm4v, SEEING, { layer: { arrangement: "sandwich" } }),
  glm4v_moe: ofType(glm4vMoe, GATED_NAMES, WIDE_SIGMOIDS, SEEING),
  glm_ocr: ofType(glmOcr, SEEING, { layer: { arrangement: "sandwich" } }),
};
