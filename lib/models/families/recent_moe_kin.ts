import { attention, gatedMlp } from "./blocks.ts";
import {
  biasedAttention,
  biasedMlp,
  experts,
  headNorms,
  inputBiasAttention,
  wideNorms,
  withShared,
} from "./blocks_dense.ts";
import { sparseLayers } from "./blocks_recent.ts";
import { GATED_NAMES, NARROW_WEIGHTS, WIDE_SIGMOIDS } from "./code/parts.ts";
import { decoder } from "./decoder.ts";
import type { FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/*
 * Later mixtures of experts of llama's lineage.
 *
 * Source: huggingface/transformers models/…/modeling_….py of each type.
 */

/** Cohere 2 with experts: one norm a layer, and perhaps shared experts. */
export const cohere2Moe = decoder({
  attention: biasedAttention(),
  mlp: (config, layer, hidden) =>
    gatedMlp(
      layer,
      hidden,
      config.optional("prefix_dense_intermediate_size") ??
        config.size("intermediate_size"),
    ),
  experts: withShared(
    experts({ countKeys: ["num_experts", "num_local_experts"] }),
    {
      name: "mlp.shared_experts",
      width: (config) =>
        config.size("intermediate_size") *
        (config.optional("num_shared_experts") ?? 0),
    },
  ),
  isSparse: (config) => sparseLayers(config, 0),
  norms: ["input_layernorm"],
  tied: true,
});

/** FlexOlmo: OLMo 2 with experts. */
export const flexOlmo = decoder({
  attention: wideNorms(biasedAttention()),
  experts: experts({ countKeys: ["num_experts", "num_local_experts"] }),
  norms: ["post_attention_layernorm", "post_feedforward_layernorm"],
});

/** Solar Open: experts and shared ones in every layer. */
export const solarOpen = decoder({
  attention: inputBiasAttention,
  experts: withShared(
    experts({
      countKeys: ["n_routed_experts", "num_local_experts"],
      widthKeys: ["moe_intermediate_size"],
      correction: "gate.e_score_correction_bias",
    }),
    {
      name: "mlp.shared_experts",
      width: (config) =>
        config.size("moe_intermediate_size") *
        (config.optional("n_shared_experts") ?? 1),
    },
  ),
});

/** K-EXAONE: a norm over each head, experts after the first dense layers. */
export const exaoneMoe = decoder({
  attention: headNorms((_, layer, heads) => attention(layer, heads)),
  experts: withShared(
    experts({
      countKeys: ["num_experts", "num_local_experts"],
      widthKeys: ["moe_intermediate_size"],
      correction: "gate.e_score_correction_bias",
    }),
    {
      name: "mlp.shared_experts",
      width: (config) =>
        config.size("moe_intermediate_size") *
        (config.optional("num_shared_experts") ?? 1),
    },
  ),
  isSparse: (config) => sparseLayers(config, 1),
});

/** Arcee's Trinity: gated attention, and norms around each half. */
export const afmoe = decoder({
  attention: (config, layer, heads) => {
    headNorms(biasedAttention())(config, layer, heads);
    layer.linear(
      "self_attn.gate_proj",
      heads.hidden,
      heads.heads * heads.headDim,
      { role: "attention", cut: "column" },
    );
  },
  experts: withShared(
    (config, layer, hidden) => {
      experts({
        countKeys: ["num_experts", "num_local_experts"],
        widthKeys: ["moe_intermediate_size"],
        router: "router.gate",
        routerLinear: true,
      })(config, layer, hidden);
      const count = config.size("num_experts", "num_local_experts");
      layer.parameter("mlp.expert_bias", [count], { role: "router" });
    },
    {
      name: "mlp.shared_experts",
      width: (config) =>
        config.size("moe_intermediate_size") *
        (config.optional("num_shared_experts") ?? 2),
    },
  ),
  isSparse: (config) => {
    const dense = config.optional("num_dense_layers") ?? 1;
    return (layer) => layer >= dense;
  },
  norms: [
    "input_layernorm",
    "post_attention_layernorm",
    "pre_mlp_layernorm",
    "post_mlp_layernorm",
  ],
});

/** Hunyuan 3: a norm over each head, experts after the first layer. */
export const hyV3 = decoder({
  attention: headNorms(biasedAttention()),
  mlp: biasedMlp(),
  experts: withShared(
    experts({
      countKeys: ["num_experts", "num_local_experts"],
      widthKeys: ["moe_intermediate_size"],
      correction: "e_score_correction_bias",
    }),
    {
      name: "mlp.shared_experts",
      width: (config) =>
        config.size("moe_intermediate_size") *
        (config.optional("num_shared_experts") ?? 1),
      bias: (config) => config.flag("mlp_bias", false),
    },
  ),
  isSparse: (config) => sparseLayers(config, 1),
});

/** The types of this file. */
export const RECENT_MOE_KIN: FamilyTypes = {
  afmoe: ofType(causal(afmoe), GATED_NAMES),
  cohere2_moe: ofType(causal(cohere2Moe), GATED_NAMES, NARROW_WEIGHTS, {
    layer: { norm: "cohere" },
  }),
  exaone_moe: ofType(causal(exaoneMoe), GATED_NAMES, WIDE_SIGMOIDS),
  flex_olmo: ofType(causal(flexOlmo), GATED_NAMES, NARROW_WEIGHTS),
  hy_v3: ofType(causal(hyV3), { routing: { wide: true } }),
  solar_open: ofType(causal(solarOpen), GATED_NAMES, WIDE_SIGMOIDS),
};
