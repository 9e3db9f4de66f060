import { glm4vVision } from "./towers/glm4v_vision.ts";
import { tower, visionLanguage } from "./vision_language.ts";

/**
 * GLM-4.1V: its tower and its decoder.
 *
 * Source: huggingface/transformers models/glm4v/modeling_glm4v.py
 */
export const glm4v = compose("glm4v_text");

/**
 * GLM-4.5V: the same with experts.
 *
 * Source: huggingface/transformers models/glm4v_moe/modeling_glm4v_moe.py
 */
export const glm4vMoe = compose("glm4v_moe_text");

function compose(language: string) {
  return visionLanguage({
    language,
    fixed: true,
    ties: "either",
    sight({ vision }, scope) {
      tower(glm4vVision, vision, scope, "model.visual");
    },
  });
}
