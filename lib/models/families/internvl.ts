import { projectorLinears } from "./blocks_vision.ts";
import { seeingAs } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { towerOf } from "./towers/mod.ts";
import { projector, tower, visionLanguage } from "./vision_language.ts";

/**
 * InternVL: its tower, a projector over shuffled patches and any decoder.
 *
 * Source: huggingface/transformers models/internvl/modeling_internvl.py
 */
export const internvl = visionLanguage({
  language: "qwen2",
  sight({ config, vision, hidden }, scope) {
    const { declare, width } = towerOf(vision, "internvl_vision");
    tower(declare, vision, scope);
    const ratio = config.number("downsample_ratio", 0.5);
    const inputs = width * (ratio > 0 ? Math.floor(1 / ratio) : 1) ** 2;
    const at = projector(scope);
    at.norm("layer_norm", inputs, { bias: true });
    projectorLinears(at, { inputs, hidden });
  },
});

/** InternVL. */
export const INTERNVL_TYPES: FamilyTypes = {
  internvl: ofType(internvl, { sight: seeingAs("internvl", true) }),
};
