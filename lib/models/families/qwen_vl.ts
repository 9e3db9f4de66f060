import { byLayer } from "./code/cache.ts";
import type { CodeParts } from "./code/code.ts";
import { NARROW_WEIGHTS, STACKED } from "./code/parts.ts";
import { numberOf } from "./code/setting.ts";
import type { SightCode } from "./code/sight.ts";
import { seeingAs, SQUARE, visionConfig } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofHeaders, ofType } from "./family.ts";
import {
  exaone45Vision,
  qwen25VlVision,
  qwen2VlVision,
} from "./towers/qwen2_vl_vision.ts";
import { qwen3VlVision } from "./towers/qwen3_vl_vision.ts";
import type { TowerFamily } from "./towers/tower.ts";
import { tower, visionLanguage } from "./vision_language.ts";

/**
 * Qwen2-VL: its tower and Qwen2.
 *
 * Source: huggingface/transformers models/qwen2_vl/modeling_qwen2_vl.py
 */
export const qwen2Vl = compose(qwen2VlVision, "qwen2_vl_text", "either");

/**
 * Qwen2.5-VL: its tower and Qwen2.
 *
 * Source: huggingface/transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py
 */
export const qwen25Vl = compose(qwen25VlVision, "qwen2_5_vl_text", "either");

/**
 * Qwen3-VL: its tower and Qwen3.
 *
 * Source: huggingface/transformers models/qwen3_vl/modeling_qwen3_vl.py
 */
export const qwen3Vl = compose(qwen3VlVision, "qwen3_vl_text", "top");

/**
 * Qwen3-VL with experts.
 *
 * Source: huggingface/transformers models/qwen3_vl_moe/modeling_qwen3_vl_moe.py
 */
export const qwen3VlMoe = compose(qwen3VlVision, "qwen3_vl_moe_text", "top");

/**
 * EXAONE 4.5: Qwen2.5-VL's tower with shared keys and values, and EXAONE 4.
 *
 * Source: huggingface/transformers models/exaone4_5/modeling_exaone4_5.py
 */
export const exaone45 = compose(exaone45Vision, "exaone4", "top");

function compose(
  declare: TowerFamily,
  language: string,
  ties: "either" | "top",
) {
  return visionLanguage({
    language,
    // Old configs call the text_config by the whole model's type.
    fixed: true,
    ties,
    sight({ vision }, scope) {
      tower(declare, vision, scope, "model.visual");
    },
  });
}

/** Each feature is picked from the tables of time, height or width. */
const QWEN_VL: CodeParts = {
  cache: byLayer((layer, text) =>
    text["use_sliding_window"] === true &&
      layer >= numberOf(text, [["max_window_layers"], 80])
      ? "sliding_attention"
      : "full_attention"
  ),
  rotary: { repeatedTables: true, perSequence: true },
};

/** Images in their own resolution, whose patches are merged by squares. */
const NATIVE: SightCode = {
  ...SQUARE,
  kind: "qwen2_vl",
  native: true,
  finalNorm: false,
  merged: (config) =>
    numberOf(visionConfig(config), [["spatial_merge_size"], 2]) ** 2,
  towerActivation: "quick_gelu",
};

/** Features of the tower's layers are added to the decoder's first ones. */
const DEEPSTACK: CodeParts = {
  rotary: { perSequence: true },
  sight: seeingAs("qwen3_vl"),
};

/** The types of this file. */
export const QWEN_VL_TYPES: FamilyTypes = {
  exaone4_5: ofType(exaone45),
  qwen2_vl: ofType(qwen2Vl, QWEN_VL, { sight: NATIVE }),
  qwen2_5_vl: ofType(qwen25Vl, QWEN_VL, {
    sight: { ...NATIVE, towerActivation: "silu", towerNorm: "rms" },
  }),
  qwen2_5_omni_thinker: ofHeaders(QWEN_VL, {
    sight: { ...NATIVE, towerActivation: "silu", towerNorm: "rms" },
  }),
  qwen2_vl_text: ofHeaders(QWEN_VL),
  qwen2_5_vl_text: ofHeaders(QWEN_VL),
  qwen3_vl: ofType(qwen3Vl, DEEPSTACK),
  qwen3_vl_moe: ofType(qwen3VlMoe, NARROW_WEIGHTS, STACKED, DEEPSTACK),
};
