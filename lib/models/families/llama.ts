import { allLayers } from "../tensors/layer_ranges.ts";
import { attention, gatedMlp, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import type { Decoder } from "./family.ts";

/**
 * Llama and those built like it: attention with grouped heads, a gated MLP and
 * two norms a layer.
 *
 * Source: huggingface/transformers models/llama/modeling_llama.py
 */
export const llama: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    attention(layer, heads, { bias: config.flag("attention_bias", false) });
    gatedMlp(layer, hidden, config.size("intermediate_size"), {
      bias: config.flag("mlp_bias", false),
    });
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    scope.norm("norm", hidden);
    rotaryBuffers(scope, heads.headDim);
  },
};
