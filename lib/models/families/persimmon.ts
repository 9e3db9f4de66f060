import { allLayers } from "../tensors/layer_ranges.ts";
import { plainMlp, rotaryBuffers, rotaryShare } from "./blocks_classic.ts";
import { turnedInPart, usuallyActivatedBy } from "./code/parts.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * Persimmon: a fused qkv with norms of each head, half of which rotates.
 *
 * Source: huggingface/transformers models/persimmon/modeling_persimmon.py
 */
export const persimmon: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    const headDim = Math.floor(hidden / config.size("num_attention_heads"));
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    const attention = layer.scope("self_attn");
    attention.linear("query_key_value", hidden, 3 * hidden, {
      role: "qkv",
      bias: true,
      cut: "column",
    });
    attention.linear("dense", hidden, hidden, {
      role: "o",
      bias: true,
      cut: "row",
    });
    if (config.flag("qk_layernorm", true)) {
      attention.norm("q_layernorm", headDim, { bias: true });
      attention.norm("k_layernorm", headDim, { bias: true });
    }
    plainMlp(
      layer.scope("mlp"),
      ["dense_h_to_4h", "dense_4h_to_h"],
      hidden,
      config.size("intermediate_size"),
      { bias: true },
    );
    layer.norm("input_layernorm", hidden, { bias: true });
    layer.norm("post_attention_layernorm", hidden, { bias: true });
    scope.norm("final_layernorm", hidden, { bias: true });
    const share = rotaryShare(config, "partial_rotary_factor", 0.5);
    rotaryBuffers(scope, Math.floor(headDim * share));
  },
};

/** Persimmon. */
export const PERSIMMON_TYPES: FamilyTypes = {
  persimmon: ofType(
    causal(persimmon),
    turnedInPart(0.5),
    usuallyActivatedBy("relu2"),
    {
      rotary: { keptUntil: [4, 45], holdsUnturned: true },
      heads: { dropout: 0 },
    },
  ),
};
