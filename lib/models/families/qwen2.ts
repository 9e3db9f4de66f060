import { allLayers } from "../tensors/layer_ranges.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { SPANS_IN_TRANSFORMER, SWITCHED_WINDOWS } from "./code/parts.ts";
import { QUERY_VALUE } from "./code/peft.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * Qwen2 and Qwen2.5: llama whose queries, keys and values have biases.
 *
 * Source: huggingface/transformers models/qwen2/modeling_qwen2.py
 */
export const qwen2: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layers = allLayers(config.size("num_hidden_layers"));
    const layer = scope.layers("layers", layers);
    attentionTensors(layer, heads, { bias: true, outputBias: false });
    gatedMlp(layer, hidden, config.size("intermediate_size"));
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    scope.norm("norm", hidden);
    rotaryBuffers(scope, heads.headDim);
  },
};

/** Qwen1.5 and Qwen2, and those of their build. */
export const QWEN2_TYPES: FamilyTypes = {
  qwen2: ofType(causal(qwen2), SPANS_IN_TRANSFORMER, SWITCHED_WINDOWS, {
    rotary: { keptUntil: [4, 45] },
    peft: QUERY_VALUE,
  }),
};
