import { allLayers } from "../tensors/layer_ranges.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { byLayer } from "./code/cache.ts";
import { SPANS_IN_TRANSFORMER, windowed } from "./code/parts.ts";
import { QUERY_VALUE } from "./code/peft.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * Llama and those built like it: attention with grouped heads, a gated MLP and
 * two norms a layer.
 *
 * Source: huggingface/transformers models/llama/modeling_llama.py
 */
export const llama = likeLlama("num_hidden_layers");

/**
 * EXAONE 3.0, 3.5 and Deep: Llama's own classes over a config that has another name
 * for its layers.
 *
 * Source: huggingface/transformers 5.24.0 models/exaone/configuration_exaone.py
 */
export const exaone = likeLlama("num_hidden_layers", "num_layers");

function likeLlama(...depth: [string, ...string[]]): Decoder {
  return {
    prefix: "model",
    tied: false,
    body(config, scope) {
      const heads = headsOf(config);
      const { hidden } = heads;
      scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
      const layer = scope.layers("layers", allLayers(config.size(...depth)));
      attentionTensors(layer, heads, {
        bias: config.flag("attention_bias", false),
      });
      gatedMlp(layer, hidden, config.size("intermediate_size"), {
        bias: config.flag("mlp_bias", false),
      });
      layer.norm("input_layernorm", hidden);
      layer.norm("post_attention_layernorm", hidden);
      scope.norm("norm", hidden);
      rotaryBuffers(scope, heads.headDim);
    },
  };
}

/** Llama, and types whose tensors are named as its are. */
export const LLAMA_TYPES: FamilyTypes = {
  exaone: ofType(causal(exaone)),
  llama: ofType(causal(llama), SPANS_IN_TRANSFORMER, {
    loss: { castsFrom: 46 },
    peft: QUERY_VALUE,
  }),
  ministral: ofType(causal(llama), SPANS_IN_TRANSFORMER, {
    cache: { window: 4096, ...byLayer(() => "sliding_attention") },
  }),
  ministral3: ofType(causal(llama)),
  mistral: ofType(causal(llama), windowed(4096), {
    rotary: { keptUntil: [4, 42] },
    peft: QUERY_VALUE,
  }),
};
