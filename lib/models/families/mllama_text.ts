import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { listOf } from "./blocks_vision.ts";
import { byLayer } from "./code/cache.ts";
import type { CodeParts } from "./code/code.ts";
import type { Decoder, Family, FamilyTypes } from "./family.ts";
import { headOf, ofType } from "./family.ts";

/** Layers that look at the image when the config does not say. */
const CROSS_LAYERS = [3, 8, 13, 18, 23, 28, 33, 38];

/** Embeddings of the image token and its padding, beyond the vocabulary. */
const EXTRA_ROWS = 8;

/**
 * Llama 3.2's decoder: some layers attend to the image instead of the text.
 * Its head is never the embedding, which has more rows.
 *
 * Source: huggingface/transformers models/mllama/modeling_mllama.py
 */
export const mllamaText: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden, headDim } = heads;
    scope.embedding(
      "embed_tokens",
      config.size("vocab_size") + EXTRA_ROWS,
      hidden,
    );
    const layers = config.size("num_hidden_layers");
    const crossing = new Set(
      listOf(config, "cross_attention_layers") ?? CROSS_LAYERS,
    );
    const own = layersWhere(layers, (layer) => !crossing.has(layer));
    attentionTensors(scope.layers("layers", own), heads);
    const cross = scope.layers(
      "layers",
      layersWhere(layers, (layer) => crossing.has(layer)),
    );
    cross.parameter("cross_attn_attn_gate", [1], { role: "other" });
    cross.parameter("cross_attn_mlp_gate", [1], { role: "other" });
    attentionTensors(cross, heads, { name: "cross_attn" });
    cross.norm("cross_attn.q_norm", headDim);
    cross.norm("cross_attn.k_norm", headDim);
    const layer = scope.layers("layers", allLayers(layers));
    gatedMlp(layer, hidden, config.size("intermediate_size"));
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    scope.norm("norm", hidden);
    const rotary = scope.scope("rotary_emb");
    rotary.buffer("inv_freq", [Math.ceil(headDim / 2)], 4);
    rotary.buffer("original_inv_freq", [Math.ceil(headDim / 2)], 4);
  },
};

/** The decoder as a causal language model. */
export const mllamaCausal: Family = (config, scope) => {
  mllamaText.body(config, scope.scope(mllamaText.prefix));
  headOf(mllamaText, config, scope, false);
};

/** Layers that read the image instead of the text before them. */
export const CROSSING: CodeParts = {
  cache: {
    // A text without images has none that it reads.
    encoded: () => 0,
    ...byLayer((layer, text) => {
      const crossing = text["cross_attention_layers"];
      return (Array.isArray(crossing) ? crossing : CROSS).includes(layer)
        ? "cross"
        : "full_attention";
    }),
  },
};

const CROSS: readonly unknown[] = [3, 8, 13, 18, 23, 28, 33, 38];

/** Its text part alone. */
export const MLLAMA_TEXT_TYPES: FamilyTypes = {
  mllama_text_model: ofType(mllamaCausal, CROSSING),
};
