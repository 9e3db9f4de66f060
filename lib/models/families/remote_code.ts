import { allLayers } from "../tensors/layer_ranges.ts";
import { headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { biasedAttention } from "./blocks_dense.ts";
import { TIED } from "./code/parts.ts";
import { decoder } from "./decoder.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * MiniCPM 1 and 2: llama with scaled residuals and a tied head.
 *
 * Source: the code beside the weights of openbmb/MiniCPM-2B-sft-bf16, which is
 * not in transformers: the total is checked, the names are not.
 */
export const minicpm: Decoder = decoder({
  attention: biasedAttention(),
  tied: true,
});

/**
 * Baichuan 1 and 2: llama with queries, keys and values as one matrix. The 13B
 * models use ALiBi in place of rotation; only the 7B ones state positions.
 *
 * Source: the code beside the weights of baichuan-inc/Baichuan-7B, which is not
 * in transformers: the total is checked, the names are not.
 */
export const baichuan: Decoder = decoder({
  attention: (_, layer, { hidden }) => {
    const at = layer.scope("self_attn");
    at.linear("W_pack", hidden, 3 * hidden, { role: "qkv", cut: "column" });
    at.linear("o_proj", hidden, hidden, { role: "o", cut: "row" });
  },
  rotated: (config) => config.has("max_position_embeddings") ? 1 : 0,
});

/**
 * InternLM 2 and 2.5: llama under other names, with queries, keys and values as
 * one matrix.
 *
 * Source: the code beside the weights of internlm/internlm2-7b, which is not in
 * transformers: the total is checked, the names are not.
 */
export const internlm2: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const { hidden, heads, kvHeads, headDim } = headsOf(config);
    const width = config.size("intermediate_size");
    const bias = config.flag("bias", true);
    scope.embedding("tok_embeddings", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    const at = layer.scope("attention");
    at.linear("wqkv", hidden, (heads + 2 * kvHeads) * headDim, {
      role: "qkv",
      bias,
      cut: "column",
    });
    at.linear("wo", heads * headDim, hidden, { role: "o", bias, cut: "row" });
    const mlp = layer.scope("feed_forward");
    mlp.linear("w1", hidden, width, { role: "gate", cut: "column" });
    mlp.linear("w3", hidden, width, { role: "up", cut: "column" });
    mlp.linear("w2", width, hidden, { role: "down", cut: "row" });
    layer.norm("attention_norm", hidden);
    layer.norm("ffn_norm", hidden);
    scope.norm("norm", hidden);
    rotaryBuffers(scope, headDim);
  },
  head(config, scope) {
    const rows = config.size("vocab_size");
    const cut = "column";
    scope.linear("output", config.size("hidden_size"), rows, {
      role: "head",
      cut,
    });
  },
};

/** Types that transformers has not. */
export const REMOTE_CODE: FamilyTypes = {
  baichuan: ofType(causal(baichuan)),
  internlm2: ofType(causal(internlm2)),
  minicpm: ofType(causal(minicpm), TIED),
};
