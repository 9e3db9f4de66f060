import { seeingAs } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { glm4vVision } from "./towers/glm4v_vision.ts";
import { tower, visionLanguage } from "./vision_language.ts";

/**
 * GLM-4.6V: GLM-4V's tower before its decoder or the one with experts.
 *
 * Source: huggingface/transformers models/glm46v/modeling_glm46v.py
 */
export const glm46v = visionLanguage({
  language: "glm4v_text",
  sight({ vision }, scope) {
    tower(glm4vVision, vision, scope, "model.visual");
  },
});

/** GLM-4.6V. */
export const GLM46V_TYPES: FamilyTypes = {
  glm46v: ofType(glm46v, { sight: seeingAs("glm4v", true) }),
};
