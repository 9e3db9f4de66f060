import { withHeadBias } from "./biased_head.ts";
import { attentionTensors, gatedMlp } from "./blocks.ts";
import {
  biasedAttention,
  everyStep,
  expertTensors,
  headNorms,
  wideNorms,
  withShared,
} from "./blocks_dense.ts";
import { byLayer } from "./code/cache.ts";
import {
  GATED_NAMES,
  MIXTRAL_NAMES,
  MULTIPLIED,
  NARROW_WEIGHTS,
  SHARED_FIRST,
  STACKED,
  SWITCHED_WINDOWS,
  takingTurns,
  TIED,
  windowed,
} from "./code/parts.ts";
import { QUERY_VALUE } from "./code/peft.ts";
import { numberOf } from "./code/setting.ts";
import { decoder } from "./decoder.ts";
import type { FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/*
 * Mixtures of experts of llama's lineage.
 *
 * Source: huggingface/transformers models/…/modeling_….py of each type.
 */

/** Mixtral: every layer's MLP is one of experts. */
export const mixtral = decoder({
  attention: (_, layer, heads) => attentionTensors(layer, heads),
  experts: expertTensors(),
});

/** Qwen1.5-MoE and Qwen2-MoE: a shared expert with a gate of its own. */
export const qwen2Moe = decoder({
  attention: (config, layer, heads) =>
    attentionTensors(layer, heads, {
      bias: config.flag("qkv_bias", true),
      outputBias: false,
    }),
  experts: (config, layer, hidden) => {
    withShared(
      expertTensors({
        countKeys: ["num_experts"],
        widthKeys: ["moe_intermediate_size"],
      }),
      {
        name: "mlp.shared_expert",
        width: (inner) => inner.size("shared_expert_intermediate_size"),
      },
    )(config, layer, hidden);
    layer.linear("mlp.shared_expert_gate", hidden, 1, { role: "router" });
  },
  isSparse: everyStep,
});

/** OLMoE: norms over all queries and all keys. */
export const olmoe = decoder({
  attention: (config, layer, heads) => {
    biasedAttention()(config, layer, heads);
    const { hidden, heads: count, kvHeads } = heads;
    layer.norm("self_attn.q_norm", hidden);
    layer.norm("self_attn.k_norm", Math.floor(hidden / count) * kvHeads);
  },
  experts: expertTensors({ countKeys: ["num_experts"] }),
});

/** Granite's mixtures, and those with a shared MLP. */
export const graniteMoe = decoder({
  attention: biasedAttention(),
  experts: (config, layer, hidden) => {
    expertTensors({ name: "block_sparse_moe", router: "router" })(
      config,
      layer,
      hidden,
    );
    const shared = config.optional("shared_intermediate_size") ?? 0;
    if (shared === 0) return;
    const at = layer.scope("shared_mlp");
    at.linear("input_linear", hidden, 2 * shared, {
      role: "gate_up",
      cut: "column",
    });
    at.linear("output_linear", shared, hidden, { role: "down", cut: "row" });
  },
});

/** Hunyuan V1's mixture: one shared MLP as wide as an expert. */
export const hunyuanMoe = decoder({
  attention: headNorms(biasedAttention(), [
    "query_layernorm",
    "key_layernorm",
  ]),
  experts: withShared(
    expertTensors({
      countKeys: ["num_experts"],
      router: "gate.wg",
      routerLinear: true,
    }),
    {
      name: "mlp.shared_mlp",
      width: (config) => config.size("intermediate_size"),
    },
  ),
});

/** ERNIE 4.5's mixture: one flag for every bias. */
export const ernieMoe = decoder({
  attention: (config, layer, heads) =>
    attentionTensors(layer, heads, { bias: config.flag("use_bias", false) }),
  mlp: (config, layer, hidden) =>
    gatedMlp(layer, hidden, config.size("intermediate_size"), {
      bias: config.flag("use_bias", false),
    }),
  experts: (config, layer, hidden) => {
    const count = config.size("moe_num_experts");
    const name = "mlp.gate.moe_statics.e_score_correction_bias";
    layer.parameter(name, [1, count], { role: "router", dtype: "fp32" });
    withShared(
      expertTensors({
        countKeys: ["moe_num_experts"],
        widthKeys: ["moe_intermediate_size"],
      }),
      {
        name: "mlp.shared_experts",
        width: (inner) =>
          inner.size("moe_intermediate_size") *
          (inner.optional("moe_num_shared_experts") ?? 0),
        bias: (inner) => inner.flag("use_bias", false),
      },
    )(config, layer, hidden);
  },
  isSparse: (config) => {
    const interval = Math.max(1, config.optional("moe_layer_interval") ?? 1);
    const start = config.optional("moe_layer_start_index") ?? 1;
    const end = config.number("moe_layer_end_index", -1);
    const last = end < 0 ? config.size("num_hidden_layers") - 1 : end;
    return (layer) =>
      (layer + 1) % interval === 0 && layer >= start && layer <= last;
  },
  tied: true,
});

/** MiniMax-M2: norms over all queries and all keys. */
export const minimaxM2 = decoder({
  attention: wideNorms((_, layer, heads) => attentionTensors(layer, heads)),
  experts: expertTensors({ correction: "e_score_correction_bias" }),
});

/** gpt-oss: sinks, biases everywhere, experts stored the other way round. */
export const gptOss = decoder({
  attention: (config, layer, heads) => {
    layer.parameter("self_attn.sinks", [heads.heads], {
      role: "attention",
      split: 0,
    });
    attentionTensors(layer, heads, {
      bias: config.flag("attention_bias", true),
    });
  },
  experts: (config, layer, hidden) => {
    const count = config.size("num_local_experts");
    const width = config.size("intermediate_size");
    const mlp = layer.scope("mlp");
    mlp.parameter("router.weight", [count, hidden], { role: "router" });
    mlp.parameter("router.bias", [count], { role: "router" });
    const at = mlp.scope("experts");
    const up = { role: "gate_up", expert: true } as const;
    const down = { role: "down", expert: true } as const;
    at.parameter("gate_up_proj", [count, hidden, 2 * width], {
      ...up,
      split: 2,
    });
    at.parameter("gate_up_proj_bias", [count, 2 * width], { ...up, split: 1 });
    at.parameter("down_proj", [count, width, hidden], { ...down, split: 1 });
    at.parameter("down_proj_bias", [count, hidden], down);
  },
});

/** The types of this file. */
export const MOE_KIN: FamilyTypes = {
  ernie4_5_moe: ofType(
    withHeadBias(ernieMoe, (config) => config.flag("use_bias", false)),
    GATED_NAMES,
    TIED,
    SHARED_FIRST,
    { routing: { wide: true, narrow: true } },
  ),
  gpt_oss: ofType(causal(gptOss), STACKED, takingTurns(2, 128), {
    layer: { norm: "olmo2" },
    rotary: { kind: "halves" },
    routing: { late: true },
    experts: { isTransposed: true, gate: "clamped" },
  }),
  granitemoe: ofType(causal(graniteMoe), MULTIPLIED, STACKED),
  granitemoeshared: ofType(causal(graniteMoe), MULTIPLIED, STACKED),
  hunyuan_v1_moe: ofType(causal(hunyuanMoe), GATED_NAMES, SHARED_FIRST, {
    attention: { normsTurned: true },
  }),
  minimax_m2: ofType(causal(minimaxM2), MIXTRAL_NAMES, {
    routing: { sigmoid: true },
  }),
  mixtral: ofType(causal(mixtral), MIXTRAL_NAMES, windowed(null), {
    rotary: { keptUntil: [4, 48] },
    experts: {
      wideWeights: true,
      names: { gate: "w1", up: "w3", down: "w2" },
    },
    peft: QUERY_VALUE,
  }),
  olmoe: ofType(causal(olmoe), GATED_NAMES, NARROW_WEIGHTS, {
    attention: { normsEach: true },
  }),
  qwen2_moe: ofType(
    causal(qwen2Moe),
    NARROW_WEIGHTS,
    SHARED_FIRST,
    SWITCHED_WINDOWS,
    {
      rotary: { keptUntil: [4, 45] },
      cache: byLayer((layer, text) =>
        text["use_sliding_window"] === true && layer % 2 === 0 &&
          layer < numberOf(text, [["max_window_layers"], 28])
          ? "sliding_attention"
          : "full_attention"
      ),
    },
  ),
};
