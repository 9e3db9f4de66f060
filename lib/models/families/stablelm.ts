import { attentionTensors } from "./blocks.ts";
import { rotaryShare } from "./blocks_classic.ts";
import { turnedInPart } from "./code/parts.ts";
import { QUERY_VALUE } from "./code/peft.ts";
import { decoder } from "./decoder.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * StableLM 2: norms with biases, a quarter of a head rotated, and perhaps a
 * norm for each head.
 *
 * Source: huggingface/transformers models/stablelm/modeling_stablelm.py
 */
export const stablelm: Decoder = {
  ...decoder({
    attention: (config, layer, heads) => {
      attentionTensors(layer, heads, {
        bias: config.flag("use_qkv_bias", false),
        outputBias: false,
      });
      if (config.flag("qk_layernorm", false)) {
        const at = layer.scope("self_attn");
        for (let head = 0; head < heads.heads; head++) {
          at.norm(`q_layernorm.norms.${head}`, heads.headDim);
        }
        for (let head = 0; head < heads.kvHeads; head++) {
          at.norm(`k_layernorm.norms.${head}`, heads.headDim);
        }
      }
      layer.norm("input_layernorm", heads.hidden, { bias: true });
      if (!config.flag("use_parallel_residual", false)) {
        layer.norm("post_attention_layernorm", heads.hidden, { bias: true });
      }
    },
    norms: [],
    normBias: () => true,
    rotated: (config) => rotaryShare(config, "partial_rotary_factor", 0.25),
  }),
};

/** StableLM. */
export const STABLELM_TYPES: FamilyTypes = {
  stablelm: ofType(causal(stablelm), turnedInPart(0.25), {
    rotary: { keptUntil: [4, 45], holdsUnturned: true },
    layer: { holdsNormed: true, holdsAttended: true },
    heads: { dropout: 0 },
    peft: QUERY_VALUE,
  }),
};
