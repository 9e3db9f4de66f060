import { allLayers } from "../tensors/layer_ranges.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { takingTurns } from "./code/parts.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";
import { COHERE } from "./llama_kin.ts";

/**
 * Cohere 2: attention and MLP side by side after one norm, and a tied head.
 *
 * Source: huggingface/transformers models/cohere2/modeling_cohere2.py
 */
export const cohere2: Decoder = {
  prefix: "model",
  tied: true,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layers = allLayers(config.size("num_hidden_layers"));
    const layer = scope.layers("layers", layers);
    attentionTensors(layer, heads, {
      bias: config.flag("attention_bias", false),
    });
    gatedMlp(layer, hidden, config.size("intermediate_size"));
    layer.norm("input_layernorm", hidden);
    scope.norm("norm", hidden);
    rotaryBuffers(scope, heads.headDim);
  },
};

/** Command R7B and Command A. */
export const COHERE2_TYPES: FamilyTypes = {
  cohere2: ofType(causal(cohere2), COHERE, takingTurns(4, 4096)),
};
