import type { Config } from "../config.ts";
import { attentionTensors, gatedMlp } from "./blocks.ts";
import {
  biasedAttention,
  biasedMlp,
  expertTensors,
  headNorms,
  inputBiasAttention,
  wideNorms,
  withShared,
} from "./blocks_dense.ts";
import { sparseLayers } from "./blocks_recent.ts";
import type { CacheKind } from "./code/cache.ts";
import { byLayer } from "./code/cache.ts";
import {
  cachesByTurns,
  GATED_NAMES,
  NARROW_WEIGHTS,
  SHARED_FIRST,
  WIDE_SIGMOIDS,
} from "./code/parts.ts";
import { numberOf } from "./code/setting.ts";
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
    expertTensors({ countKeys: ["num_experts", "num_local_experts"] }),
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
  experts: expertTensors({ countKeys: ["num_experts", "num_local_experts"] }),
  norms: ["post_attention_layernorm", "post_feedforward_layernorm"],
});

/** Solar Open: experts and shared ones in every layer. */
export const solarOpen = decoder({
  attention: inputBiasAttention,
  experts: withShared(
    expertTensors({
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
  attention: headNorms((_, layer, heads) => attentionTensors(layer, heads)),
  experts: withShared(
    expertTensors({
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
      expertTensors({
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
    expertTensors({
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

/** Dense layers at the beginning take turns of their own. */
function turnOf(layer: number, text: Config): CacheKind {
  const dense = numberOf(text, [["first_k_dense_replace"], 0]);
  const own = numberOf(text, [["prefix_dense_sliding_window_pattern"], 1]);
  const turn = numberOf(text, [["sliding_window_pattern"], 4]);
  const isFull = layer < dense
    ? (layer + 1) % own === 0
    : (layer - dense + 1) % turn === 0;
  return isFull ? "full_attention" : "sliding_attention";
}

/** The types of this file. */
export const RECENT_MOE_KIN: FamilyTypes = {
  afmoe: ofType(
    causal(afmoe),
    GATED_NAMES,
    SHARED_FIRST,
    cachesByTurns([["global_attn_every_n_layers"], 4], 1024),
    {
      layer: { arrangement: "sandwich" },
      routing: { sigmoid: true },
      weights: { frozen: /\.expert_bias$/ },
    },
  ),
  cohere2_moe: ofType(causal(cohere2Moe), GATED_NAMES, NARROW_WEIGHTS, {
    layer: { norm: "cohere", arrangement: "parallel" },
    rotary: { wide: true },
  }, { cache: { window: 4096, ...byLayer(turnOf) } }),
  exaone_moe: ofType(
    causal(exaoneMoe),
    GATED_NAMES,
    WIDE_SIGMOIDS,
    cachesByTurns([["sliding_window_pattern"], 4], 4096),
  ),
  flex_olmo: ofType(causal(flexOlmo), GATED_NAMES, NARROW_WEIGHTS),
  hy_v3: ofType(causal(hyV3), { routing: { wide: true } }),
  solar_open: ofType(causal(solarOpen), GATED_NAMES, WIDE_SIGMOIDS),
};
