import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { BERT } from "./bert.ts";
import {
  classifierHead,
  inLayers,
  labelsOf,
  taskOf,
  vocabularyHead,
} from "./blocks_classic.ts";
import { MASKED_HEADS } from "./code/parts.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

/**
 * ModernBERT: an encoder with rotary positions, a gated MLP and windows of
 * attention. The first layer has no norm before its attention.
 *
 * Source: huggingface/transformers models/modernbert/modeling_modernbert.py
 */
export const modernbert: Family = (config, scope) => {
  const hidden = config.size("hidden_size");
  const bias = config.flag("norm_bias", false);
  const task = taskOf(config);
  encoder(config, task === "" ? scope : scope.scope("model"), hidden, bias);
  if (task === "") return;
  scope.linear("head.dense", hidden, hidden, {
    role: "other",
    bias: config.flag("classifier_bias", false),
  });
  scope.norm("head.norm", hidden, { bias });
  if (task === "ForMaskedLM") {
    vocabularyHead(scope, "decoder", [hidden, config.size("vocab_size")], {
      tied: config.flag("tie_word_embeddings", true),
      bias: config.flag("decoder_bias", true),
    });
    return;
  }
  const labels = task === "ForMultipleChoice" ? 1 : labelsOf(config);
  classifierHead(scope, "classifier", hidden, labels);
};

function encoder(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
  bias: boolean,
): void {
  const count = config.size("num_hidden_layers");
  const inner = config.size("intermediate_size");
  scope.embedding(
    "embeddings.tok_embeddings",
    config.size("vocab_size"),
    hidden,
  );
  scope.norm("embeddings.norm", hidden, { bias });
  inLayers(scope, "layers", count > 1 ? [[1, count, 1]] : [], (layer) => {
    layer.norm("attn_norm", hidden, { bias });
  });
  const layer = scope.layers("layers", allLayers(count));
  const attentionBias = config.flag("attention_bias", false);
  layer.linear("attn.Wqkv", hidden, 3 * hidden, {
    role: "qkv",
    bias: attentionBias,
    cut: "column",
  });
  layer.linear("attn.Wo", hidden, hidden, {
    role: "o",
    bias: attentionBias,
    cut: "row",
  });
  layer.norm("mlp_norm", hidden, { bias });
  const mlpBias = config.flag("mlp_bias", false);
  layer.linear("mlp.Wi", hidden, 2 * inner, {
    role: "gate_up",
    bias: mlpBias,
    cut: "column",
  });
  layer.linear("mlp.Wo", inner, hidden, {
    role: "down",
    bias: mlpBias,
    cut: "row",
  });
  scope.norm("final_norm", hidden, { bias });
  const headDim = Math.floor(hidden / config.size("num_attention_heads"));
  const frequencies = Math.ceil(headDim / 2);
  for (const type of attentionTypes(config, count)) {
    const rotary = scope.scope("rotary_emb");
    rotary.buffer(`${type}_inv_freq`, [frequencies], 4);
    rotary.buffer(`${type}_original_inv_freq`, [frequencies], 4);
  }
}

/** The kinds of attention that the layers have, each with its rotation. */
function attentionTypes(config: ConfigReader, layers: number): Set<string> {
  const types = config.texts("layer_types");
  if (types.length > 0) return new Set(types);
  const period = config.optional("global_attn_every_n_layers") || 3;
  const windows = period > 1 && layers > 1;
  return new Set(["full_attention", ...(windows ? ["sliding_attention"] : [])]);
}

/** ModernBERT. */
export const MODERNBERT_TYPES: FamilyTypes = {
  modernbert: ofClasses(modernbert, MASKED_HEADS, {
    encoder: {
      ...BERT,
      norms: "before",
      activation: [["hidden_activation"], "gelu"],
      dropout: {
        attention: [["attention_dropout"], 0],
        residual: [["embedding_dropout"], 0],
        mlp: [["mlp_dropout"], 0],
        spans: [[], 0],
      },
      wideSoftmax: true,
      rotary: "fp32",
      slides: true,
      holds: "the embeddings",
      holdsAttended: true,
      pooling: [["classifier_pooling"], "cls"],
      holdsInner: false,
      copies: "float",
    },
  }),
};
