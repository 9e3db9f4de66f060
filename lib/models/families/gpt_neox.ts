import { allLayers } from "../tensors/layer_ranges.ts";
import { plainMlp, rotaryBuffers, rotaryShare } from "./blocks_classic.ts";
import { NARROW_LOGITS, turnedInPart } from "./code/parts.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * GPT-NeoX, of Pythia: a fused qkv, a plain MLP and two layer norms a layer.
 *
 * Source: huggingface/transformers models/gpt_neox/modeling_gpt_neox.py
 */
export const gptNeox: Decoder = {
  prefix: "gpt_neox",
  tied: false,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    const bias = config.flag("attention_bias", true);
    scope.embedding("embed_in", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    layer.norm("input_layernorm", hidden, { bias: true });
    layer.norm("post_attention_layernorm", hidden, { bias: true });
    layer.linear("attention.query_key_value", hidden, 3 * hidden, {
      role: "qkv",
      bias,
      cut: "column",
    });
    layer.linear("attention.dense", hidden, hidden, {
      role: "o",
      bias,
      cut: "row",
    });
    plainMlp(
      layer.scope("mlp"),
      ["dense_h_to_4h", "dense_4h_to_h"],
      hidden,
      config.size("intermediate_size"),
      { bias: true },
    );
    scope.norm("final_layer_norm", hidden, { bias: true });
    const headDim = Math.floor(hidden / config.size("num_attention_heads"));
    const share = rotaryShare(config, "rotary_pct", 0.25);
    rotaryBuffers(scope, Math.floor(headDim * share));
  },
  head(config, scope) {
    scope.linear(
      "embed_out",
      config.size("hidden_size"),
      config.size("vocab_size"),
      { role: "head", cut: "column" },
    );
  },
};

/** GPT-NeoX and Pythia. */
export const GPT_NEOX_TYPES: FamilyTypes = {
  gpt_neox: ofType(causal(gptNeox), NARROW_LOGITS, turnedInPart(0.25), {
    rotary: { keptUntil: [4, 45] },
    layer: {
      arrangement: (config) =>
        config["use_parallel_residual"] === false ? "pre" : "parallel",
    },
    heads: { classifies: true },
    sizes: { gated: false },
    peft: { targets: ["query_key_value"] },
  }),
};
