import { isBeforeRelease } from "./before_release.ts";
import { withHeadBias } from "./biased_head.ts";
import { attentionTensors } from "./blocks.ts";
import { rotaryShare } from "./blocks_classic.ts";
import {
  biasedAttention,
  expertTensors,
  fusedAttention,
  fusedMlpTensors,
} from "./blocks_dense.ts";
import { turnedInPart, usuallyActivatedBy, windowed } from "./code/parts.ts";
import { decoder } from "./decoder.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * Phi: biases everywhere, one norm a layer, and a head with a bias.
 *
 * Source: huggingface/transformers models/phi/modeling_phi.py
 */
export const phi: Decoder = decoder({
  attention: (config, layer, heads) => {
    attentionTensors(layer, heads, { bias: true, output: "dense" });
    if (!config.flag("qk_layernorm", false)) return;
    for (const name of ["q_layernorm", "k_layernorm"]) {
      layer.norm(`self_attn.${name}`, heads.headDim, { bias: true });
    }
  },
  mlp: (config, layer, hidden) => {
    const intermediate = config.size("intermediate_size");
    const at = layer.scope("mlp");
    at.linear("fc1", hidden, intermediate, {
      role: "up",
      bias: true,
      cut: "column",
    });
    at.linear("fc2", intermediate, hidden, {
      role: "down",
      bias: true,
      cut: "row",
    });
  },
  norms: ["input_layernorm"],
  lastNorm: "final_layernorm",
  normBias: () => true,
  rotated: (config) => rotaryShare(config, "partial_rotary_factor", 0.5),
});

/**
 * Phi-3 and Phi-4: queries, keys and values as one matrix, gate and up as one.
 *
 * Source: huggingface/transformers models/phi3/modeling_phi3.py
 */
export const phi3: Decoder = decoder({
  attention: (_, layer, heads) => fusedAttention(layer, heads),
  mlp: fusedMlpTensors,
  rotated: (config) => rotaryShare(config, "partial_rotary_factor", 1),
});

/**
 * Phi-3.5-MoE: experts, and norms with biases.
 *
 * Source: huggingface/transformers models/phimoe/modeling_phimoe.py
 */
export const phimoe: Decoder = decoder({
  attention: (config, layer, heads) => {
    biasedAttention()(config, layer, heads);
    // The development build had lost the biases of a layer's norms.
    const bias = !isBeforeRelease(config);
    layer.norm("input_layernorm", heads.hidden, { bias });
    layer.norm("post_attention_layernorm", heads.hidden, { bias });
  },
  experts: expertTensors({ routerLinear: true, router: "router" }),
  norms: [],
  normBias: () => true,
});

/** The types of this file. */
export const PHI_TYPES: FamilyTypes = {
  phi: ofType(
    withHeadBias(phi, () => true),
    turnedInPart(0.5),
    usuallyActivatedBy("gelu_new"),
    {
      rotary: { keptUntil: [4, 45], holdsUnturned: true },
      layer: { arrangement: "parallel" },
      sizes: { gated: false },
      peft: { targets: ["q_proj", "v_proj", "fc1", "fc2"] },
    },
  ),
  // Heads are joined even where the part that is turned is the whole.
  phi3: ofType(causal(phi3), turnedInPart(1), windowed(null), {
    attention: { fused: "slices" },
  }),
  phimoe: ofType(
    withHeadBias(phimoe, (config) => config.flag("lm_head_bias", false)),
    windowed(null),
  ),
};
