import { rotaryShare } from "./blocks_classic.ts";
import {
  afterFirst,
  biasedAttention,
  expertTensors,
  fusedMlpTensors,
  headNorms,
  inputBiasAttention,
  withShared,
} from "./blocks_dense.ts";
import { byLayer } from "./code/cache.ts";
import { GATED_NAMES, turnedInPart, WIDE_SIGMOIDS } from "./code/parts.ts";
import { numberOf } from "./code/setting.ts";
import { decoder } from "./decoder.ts";
import type { FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * GLM-4 in its first form: gate and up as one matrix, half of a head rotated.
 *
 * Source: huggingface/transformers models/glm/modeling_glm.py
 */
export const glm = decoder({
  attention: inputBiasAttention,
  mlp: fusedMlpTensors,
  rotated: (config) => rotaryShare(config, "partial_rotary_factor", 0.5),
});

/**
 * GLM-4-0414: norms before and after each half of a layer.
 *
 * Source: huggingface/transformers models/glm4/modeling_glm4.py
 */
export const glm4 = decoder({
  attention: inputBiasAttention,
  mlp: fusedMlpTensors,
  norms: [
    "input_layernorm",
    "post_attention_layernorm",
    "post_self_attn_layernorm",
    "post_mlp_layernorm",
  ],
  rotated: (config) => rotaryShare(config, "partial_rotary_factor", 0.5),
});

const sharedExperts = withShared(
  expertTensors({
    countKeys: ["n_routed_experts"],
    widthKeys: ["moe_intermediate_size"],
    correction: "gate.e_score_correction_bias",
  }),
  {
    name: "mlp.shared_experts",
    width: (config) =>
      config.size("moe_intermediate_size") *
      (config.optional("n_shared_experts") ?? 1),
  },
);

/**
 * GLM-4.5 and 4.6: experts and a shared one after the first dense layers.
 *
 * Source: huggingface/transformers models/glm4_moe/modeling_glm4_moe.py
 */
export const glm4Moe = decoder({
  attention: (config, layer, heads) => {
    const normed = config.flag("use_qk_norm", false);
    const inner = normed ? headNorms(inputBiasAttention) : inputBiasAttention;
    inner(config, layer, heads);
  },
  experts: sharedExperts,
  isSparse: afterFirst,
  rotated: (config) => rotaryShare(config, "partial_rotary_factor", 0.5),
});

/**
 * dots.llm1: GLM-4.5's layout with a norm over each head.
 *
 * Source: huggingface/transformers models/dots1/modeling_dots1.py
 */
export const dots1 = decoder({
  attention: headNorms(biasedAttention()),
  experts: sharedExperts,
  isSparse: afterFirst,
});

/** The types of this file. */
export const GLM_TYPES: FamilyTypes = {
  glm: ofType(causal(glm), turnedInPart(0.5), {
    rotary: { repeatedTables: true },
  }),
  glm4: ofType(causal(glm4), turnedInPart(0.5), {
    layer: { arrangement: "sandwich" },
    rotary: { repeatedTables: true },
  }),
  glm4_moe: ofType(
    causal(glm4Moe),
    GATED_NAMES,
    WIDE_SIGMOIDS,
    turnedInPart(0.5),
  ),
  dots1: ofType(causal(dots1), GATED_NAMES, WIDE_SIGMOIDS, {
    cache: {
      window: 4096,
      ...byLayer((layer, text) =>
        layer < numberOf(text, [["max_window_layers"], 62])
          ? "full_attention"
          : "sliding_attention"
      ),
    },
  }),
};
