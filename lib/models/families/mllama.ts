import { sizeOr } from "./blocks_vision.ts";
import { seeingAs } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { CROSSING } from "./mllama_text.ts";
import { mllamaVision } from "./towers/mllama_vision.ts";
import { projector, tower, visionLanguage } from "./vision_language.ts";

/**
 * Llama 3.2 Vision: its tower, one linear and a decoder that attends to what
 * comes out.
 *
 * Source: huggingface/transformers models/mllama/modeling_mllama.py
 */
export const mllama = visionLanguage({
  language: "mllama_text_model",
  fixed: true,
  ties: "never",
  sight({ vision, hidden }, scope) {
    tower(mllamaVision, vision, scope, "model.vision_model");
    projector(scope, "model").linear(
      "multi_modal_projector",
      sizeOr(vision, "vision_output_dim", 7680),
      hidden,
      { role: "projector", bias: true },
    );
  },
});

/** Llama 3.2 with eyes. */
export const MLLAMA_TYPES: FamilyTypes = {
  mllama: ofType(mllama, CROSSING, { sight: seeingAs("mllama") }),
};
