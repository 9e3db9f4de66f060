import { sizeOr } from "./blocks_vision.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { gotOcr2Vision } from "./towers/got_ocr2_vision.ts";
import { projector, tower, visionLanguage } from "./vision_language.ts";

/**
 * GOT-OCR 2: its tower, two convolutions, a linear and Qwen2.
 *
 * Source: huggingface/transformers models/got_ocr2/modeling_got_ocr2.py
 */
export const gotOcr2 = visionLanguage({
  language: "qwen2",
  tied: true,
  sight({ vision, hidden }, scope) {
    tower(gotOcr2Vision, vision, scope);
    const channels = sizeOr(vision, "output_channels", 256);
    const at = projector(scope);
    at.conv("conv_upsampler1", [2 * channels, channels, 3, 3]);
    at.conv("conv_upsampler2", [hidden, 2 * channels, 3, 3]);
    at.linear("multimodal_projector", hidden, hidden, {
      role: "projector",
      bias: true,
    });
  },
});

/** GOT-OCR 2. */
export const GOT_OCR2_TYPES: FamilyTypes = {
  got_ocr2: ofType(gotOcr2),
};
