import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { biasedAttention, wideNorms } from "./blocks_dense.ts";
import { attends, layerKindsOf, someLayers } from "./blocks_recent.ts";
import type { RotaryKind } from "./code/attention.ts";
import type { StateCache } from "./code/cache.ts";
import { byLayer } from "./code/cache.ts";
import { numberOf } from "./code/setting.ts";
import { mixing } from "./code/state_space.ts";
import { deltaState } from "./code/states.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";
import type { Delta } from "./gated_delta.ts";
import { deltaCore, deltaInputs } from "./gated_delta.ts";

/**
 * OLMo Hybrid: three layers of a gated delta rule, normed before, for one of
 * OLMo 2's attention, normed after.
 *
 * Source: huggingface/transformers models/olmo_hybrid/modeling_olmo_hybrid.py
 */
export const olmoHybrid: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    const count = config.size("num_hidden_layers");
    const kinds = layerKindsOf(
      config,
      "layer_types",
      (layer) =>
        layer % 4 === 3 || (count < 4 && layer === count - 1)
          ? "full_attention"
          : "linear_attention",
    );
    const isLinear = (layer: number) => !attends(kinds(layer));
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers("layers", allLayers(count));
    gatedMlp(layer, hidden, config.size("intermediate_size"));
    layer.norm("post_attention_layernorm", hidden);
    someLayers(config, scope, (at) => !isLinear(at), (layer) => {
      wideNorms(biasedAttention())(config, layer, heads);
      layer.norm("post_feedforward_layernorm", hidden);
    });
    someLayers(config, scope, isLinear, (layer) => {
      linearAttention(layer.scope("linear_attn"), sizesOf(config));
      layer.norm("input_layernorm", hidden);
    });
    scope.norm("norm", hidden);
    // A base of null means no rotation at all; silence, the usual one.
    if (!config.inner("rope_parameters").isNull("rope_theta")) {
      rotaryBuffers(scope, heads.headDim);
    }
  },
};

function sizesOf(config: ConfigReader): Delta {
  const hidden = config.size("hidden_size");
  const heads = config.size("num_attention_heads");
  const keyHeads = config.optional("linear_num_key_heads") || heads;
  const keyDim = config.optional("linear_key_head_dim") ??
    Math.trunc(0.75 * hidden / keyHeads);
  const valueHeads = config.optional("linear_num_value_heads") ?? heads;
  const valueDim = config.optional("linear_value_head_dim") ?? 2 * keyDim;
  return {
    hidden,
    keys: keyHeads * keyDim,
    values: valueHeads * valueDim,
    valueHeads,
    valueDim,
    kernel: config.optional("linear_conv_kernel_dim") ?? 4,
  };
}

function linearAttention(at: TensorScope, delta: Delta): void {
  const { hidden, keys, values, valueHeads, valueDim } = delta;
  deltaCore(at, delta);
  deltaInputs(at, hidden, {
    q_proj: keys,
    k_proj: keys,
    v_proj: values,
    a_proj: valueHeads,
    b_proj: valueHeads,
    g_proj: values,
  });
  at.norm("o_norm", valueDim);
  at.linear("o_proj", values, hidden, { role: "ssm", cut: "row" });
}

/** Sizes that are not stated follow from the attention's. */
function stateOf(text: Config): StateCache {
  const heads = numberOf(text, [["num_attention_heads"], 1]);
  const keyHeads = numberOf(text, [["linear_num_key_heads"], heads]);
  const hidden = numberOf(text, [["hidden_size"], 0]);
  const keyWidth = numberOf(text, [
    ["linear_key_head_dim"],
    Math.floor(0.75 * hidden / keyHeads),
  ]);
  return deltaState(
    [keyHeads, keyWidth],
    [
      numberOf(text, [["linear_num_value_heads"], heads]),
      numberOf(text, [["linear_value_head_dim"], 2 * keyWidth]),
    ],
    numberOf(text, [["linear_conv_kernel_dim"], 4]),
  );
}

/** Heads are not turned where the config's base is null, as in what was released. */
function rotaryOf(text: Config): RotaryKind {
  const rope = text["rope_parameters"];
  return typeof rope === "object" && rope !== null &&
      (rope as Config)["rope_theta"] === null
    ? "none"
    : "whole";
}

/** OLMo Hybrid. */
export const OLMO_HYBRID_TYPES: FamilyTypes = {
  olmo_hybrid: ofType(causal(olmoHybrid), {
    layer: { norm: "olmo2", arrangement: "post" },
    rotary: { kind: rotaryOf, wide: true },
    attention: { normsEach: true },
    stateSpace: mixing("delta", {
      keyHeads: [["linear_num_key_heads", "num_attention_heads"], 16],
      doublesBetas: true,
    }),
    cache: {
      state: stateOf,
      ...byLayer((layer) =>
        layer % 4 === 3 ? "full_attention" : "linear_attention"
      ),
    },
  }),
};
