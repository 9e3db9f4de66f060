import {
  exaone45Vision,
  qwen25VlVision,
  qwen2VlVision,
} from "./towers/qwen2_vl_vision.ts";
import { qwen3VlVision } from "./towers/qwen3_vl_vision.ts";
import type { Tower } from "./towers/tower.ts";
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

function compose(declare: Tower, language: string, ties: "either" | "top") {
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
