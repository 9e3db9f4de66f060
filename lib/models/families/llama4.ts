import { sizeOr } from "./blocks_vision.ts";
import { QUERY_VALUE } from "./code/peft.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { seeingAs } from "./code/sight.ts";
import { LLAMA4 } from "./llama4_text.ts";
import { llama4Vision } from "./towers/llama4_vision.ts";
import { projector, tower, visionLanguage } from "./vision_language.ts";

/**
 * Llama 4: its tower, one linear and its decoder as a causal model of its own.
 *
 * Source: huggingface/transformers models/llama4/modeling_llama4.py
 */
export const llama4 = visionLanguage({
  language: "llama4_text",
  fixed: true,
  body: "language_model.model",
  head: "language_model",
  ties: "text",
  sight({ vision, hidden }, scope) {
    tower(llama4Vision, vision, scope, "vision_model");
    projector(scope, "multi_modal_projector").linear(
      "linear_1",
      sizeOr(vision, "vision_output_dim", 7680),
      hidden,
      { role: "projector" },
    );
  },
});

/** Llama 4. */
export const LLAMA4_TYPES: FamilyTypes = {
  llama4: ofType(llama4, LLAMA4, {
    peft: QUERY_VALUE,
    sight: seeingAs("llama4", true),
  }),
};
