import type { CodeParts } from "./code/code.ts";
import { seeingAs } from "./code/sight.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import type { Decoder, Family, FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import {
  DELTA_3_5,
  DELTA_3_5_MOE,
  qwen35 as qwen35Text,
  qwen35Moe,
} from "./qwen3_next.ts";
import { sensing } from "./recent_sight.ts";
import { qwen3VlVision } from "./towers/qwen3_vl_vision.ts";
import { tower } from "./vision_language.ts";

const BOTH = {
  vocab_size: 248_320,
  num_attention_heads: 16,
  head_dim: 256,
};

/**
 * Qwen3.5: Qwen3-VL's tower without deepstack.
 *
 * Source: huggingface/transformers models/qwen3_5/modeling_qwen3_5.py
 */
export const qwen35Vl = seeing(qwen35Text, {
  ...BOTH,
  hidden_size: 4_096,
  intermediate_size: 12_288,
  num_hidden_layers: 32,
  num_key_value_heads: 4,
});

/**
 * Qwen3.5 with experts.
 *
 * Source: huggingface/transformers models/qwen3_5_moe/modeling_qwen3_5_moe.py
 */
export const qwen35VlMoe = seeing(qwen35Moe, {
  ...BOTH,
  hidden_size: 2_048,
  num_hidden_layers: 40,
  num_key_value_heads: 2,
  num_experts: 256,
  moe_intermediate_size: 512,
  shared_expert_intermediate_size: 512,
});

function seeing(
  decoder: Decoder,
  defaults: Readonly<Record<string, number>>,
): Family {
  return sensing({
    decoder,
    defaults,
    sight({ vision }, scope) {
      const plain = new ConfigWithDefaults(
        vision,
        { deepstack_visual_indexes: [] },
        "model.config.vision_config",
      );
      tower(qwen3VlVision, plain, scope, "model.visual");
    },
  });
}

/** Qwen3-VL's tower, of which no layer in between is read. */
const SEEING: CodeParts = {
  rotary: { perSequence: true },
  sight: seeingAs("qwen3_vl"),
};

/** Qwen3.5 with eyes. */
export const QWEN3_5_TYPES: FamilyTypes = {
  qwen3_5: ofType(qwen35Vl, DELTA_3_5, SEEING),
  qwen3_5_moe: ofType(qwen35VlMoe, DELTA_3_5_MOE, SEEING),
};
