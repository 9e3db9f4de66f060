import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { transformerLayer, vocabularyHead } from "./blocks_classic.ts";
import type { CodeParts } from "./code/code.ts";
import { UNTURNED, usuallyActivatedBy } from "./code/parts.ts";
import { numberOf } from "./code/setting.ts";
import type { Decoder, Family, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * BioGPT: a decoder with learned positions that came from fairseq.
 *
 * Source: huggingface/transformers models/biogpt/modeling_biogpt.py
 */
export const biogpt: Family = (config, scope) => {
  const hidden = config.size("hidden_size");
  const vocabulary = config.size("vocab_size");
  const body = scope.scope("biogpt");
  body.embedding("embed_tokens", vocabulary, hidden);
  body.embedding(
    "embed_positions",
    config.size("max_position_embeddings") + 2,
    hidden,
    "position",
  );
  layers(config, body, hidden, "intermediate_size");
  vocabularyHead(scope, "output_projection", [hidden, vocabulary], {
    tied: config.flag("tie_word_embeddings", true),
  });
};

/**
 * XGLM: a decoder whose positions are sines and cosines, kept as a buffer.
 *
 * Source: huggingface/transformers models/xglm/modeling_xglm.py
 */
export const xglm: Decoder = {
  prefix: "model",
  tied: true,
  body(config, scope) {
    const hidden = config.size("d_model", "hidden_size");
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    scope.buffer(
      "embed_positions.weights",
      [config.size("max_position_embeddings") + 2, hidden],
      "as weights",
    );
    layers(config, scope, hidden, "ffn_dim");
  },
};

function layers(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
  inner: "intermediate_size" | "ffn_dim",
): void {
  const count = config.size("num_layers", "num_hidden_layers");
  transformerLayer(
    scope.layers("layers", allLayers(count)),
    hidden,
    config.size(inner),
    { crossAttention: config.flag("add_cross_attention", false) },
  );
  scope.norm("layer_norm", hidden, { bias: true });
}

/** Embeddings that their own module scales, and the layer's own MLP. */
const FAIRSEQ: CodeParts = {
  mlp: { isInline: true },
  sizes: { gated: false, tied: true },
  embedding: { scaled: "by module" },
  multiplies: { embeddings: true },
};

/** The types of this file. */
export const FAIRSEQ_TYPES: FamilyTypes = {
  biogpt: ofType(biogpt, FAIRSEQ, UNTURNED, usuallyActivatedBy("gelu"), {
    attention: { wideSoftmax: false, leavesWeights: true },
    dropout: {
      attention: [["attention_probs_dropout_prob"], 0.1],
      residual: [["hidden_dropout_prob"], 0.1],
      embedding: [["hidden_dropout_prob"], 0.1],
    },
    loss: { narrowTokens: true },
    heads: { classifies: true, tied: "output_projection" },
  }),
  xglm: ofType(causal(xglm), FAIRSEQ, UNTURNED, usuallyActivatedBy("gelu"), {
    attention: {
      wideSoftmax: false,
      leavesWeights: true,
      floorsScores: true,
    },
    dropout: {
      attention: [["attention_dropout"], 0.1],
      residual: [["dropout"], 0.1],
      embedding: [["dropout"], 0.1],
    },
    cache: {
      tokens: (text) => {
        const width = numberOf(text, [["d_model"], 1024]);
        return {
          heads: numberOf(text, [
            ["decoder_attention_heads", "attention_heads"],
            16,
          ]),
          keys: width,
          values: width,
        };
      },
    },
  }),
};
