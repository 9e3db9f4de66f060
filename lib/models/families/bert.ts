import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import {
  classifierHead,
  labelsOf,
  taskOf,
  vocabularyHead,
} from "./blocks_classic.ts";
import type { EncoderCode } from "./code/encoder.ts";
import { MASKED_HEADS, PLAIN_AND_TIED, sized, UNTURNED } from "./code/parts.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

/**
 * BERT: an encoder with learned positions. Bare with its pooler, or with the
 * head of the class that the config was saved for.
 *
 * Source: huggingface/transformers models/bert/modeling_bert.py
 */
export const bert: Family = (config, scope) => {
  const hidden = config.size("hidden_size");
  const task = taskOf(config);
  const body = task === "" ? scope : scope.scope("bert");
  bertEncoder(config, body, hidden);
  if (!WITHOUT_POOLER.has(task)) bertPooler(body, hidden);
  if (MASKED.has(task)) {
    predictions(config, scope.scope("cls.predictions"), hidden);
  }
  if (task === "ForPreTraining" || task === "ForNextSentencePrediction") {
    classifierHead(scope, "cls.seq_relationship", hidden, 2);
  } else if (task === "ForMultipleChoice") {
    classifierHead(scope, "classifier", hidden, 1);
  } else if (task === "ForQuestionAnswering") {
    classifierHead(scope, "qa_outputs", hidden, labelsOf(config));
  } else if (task.endsWith("Classification")) {
    classifierHead(scope, "classifier", hidden, labelsOf(config));
  }
};

const MASKED = new Set(["ForPreTraining", "ForMaskedLM", "LMHeadModel"]);
const WITHOUT_POOLER = new Set([
  "ForMaskedLM",
  "LMHeadModel",
  "ForTokenClassification",
  "ForQuestionAnswering",
]);

/** Embeddings and layers of BERT, which RoBERTa and ELECTRA share. */
export function bertEncoder(
  config: ConfigReader,
  scope: TensorScope,
  width: number,
): void {
  const positions = config.size("max_position_embeddings");
  const embeddings = scope.scope("embeddings");
  embeddings.embedding("word_embeddings", config.size("vocab_size"), width);
  embeddings.embedding("position_embeddings", positions, width, "position");
  embeddings.embedding(
    "token_type_embeddings",
    config.optional("type_vocab_size") ?? 2,
    width,
    "other",
  );
  embeddings.norm("LayerNorm", width, { bias: true });
  embeddings.buffer("position_ids", [1, positions], 8);
  embeddings.buffer("token_type_ids", [1, positions], 8);
  const layer = scope.layers(
    "encoder.layer",
    allLayers(config.size("num_hidden_layers")),
  );
  const hidden = config.size("hidden_size");
  const names = ["query", "key", "value"] as const;
  const heads = config.size("num_attention_heads");
  const inner = heads * Math.floor(hidden / heads);
  bertAttention(layer.scope("attention"), hidden, names, inner);
  if (config.flag("add_cross_attention", false)) {
    bertAttention(layer.scope("crossattention"), hidden, names, inner);
  }
  bertMlp(layer, hidden, config.size("intermediate_size"));
}

/** Attention with the output's linear and norm in a module of their own. */
export function bertAttention(
  at: TensorScope,
  hidden: number,
  [query, key, value]: readonly [query: string, key: string, value: string],
  inner = hidden,
): void {
  const own = at.scope("self");
  const bias = true;
  const cut = "column";
  own.linear(query, hidden, inner, { role: "q", bias, cut });
  own.linear(key, hidden, inner, { role: "k", bias, cut });
  own.linear(value, hidden, inner, { role: "v", bias, cut });
  at.linear("output.dense", hidden, hidden, { role: "o", bias, cut: "row" });
  at.norm("output.LayerNorm", hidden, { bias });
}

/** The MLP of a layer, with the norm behind it. */
export function bertMlp(
  layer: TensorScope,
  hidden: number,
  intermediate: number,
): void {
  layer.linear("intermediate.dense", hidden, intermediate, {
    role: "up",
    bias: true,
    cut: "column",
  });
  layer.linear("output.dense", intermediate, hidden, {
    role: "down",
    bias: true,
    cut: "row",
  });
  layer.norm("output.LayerNorm", hidden, { bias: true });
}

/** The linear layer on the first token that summarises a text. */
export function bertPooler(scope: TensorScope, hidden: number): void {
  scope.linear("pooler.dense", hidden, hidden, { role: "other", bias: true });
}

/** The head of masked tokens; its decoder is the embedding where tied. */
export function predictions(
  config: ConfigReader,
  at: TensorScope,
  hidden: number,
  width = hidden,
): void {
  const vocabulary = config.size("vocab_size");
  at.parameter("bias", [vocabulary], { role: "head", split: 0 });
  at.linear("transform.dense", hidden, width, { role: "other", bias: true });
  at.norm("transform.LayerNorm", width, { bias: true });
  // The decoder's bias is the one above where the weight is tied.
  const tied = config.flag("tie_word_embeddings", true);
  vocabularyHead(at, "decoder", [width, vocabulary], { tied, bias: !tied });
}

/** BERT's code, by what other encoders do otherwise. */
export const BERT: EncoderCode = {
  norms: "behind",
  norm: "layer",
  activation: [["hidden_act"], "gelu"],
  dropout: {
    attention: [["attention_probs_dropout_prob"], 0.1],
    residual: [["hidden_dropout_prob"], 0.1],
    mlp: [[], 0],
    spans: [[], 0],
  },
  dropsAttended: true,
  clamps: false,
  dropsLast: false,
  bias: null,
  copiesHeads: false,
  disentangled: false,
  masksEmbeddings: "never",
  dropsMasked: false,
  holdsAll: false,
  wideSoftmax: false,
  rotary: null,
  scalesQueries: false,
  slides: false,
  caches: false,
  scaledEmbeddings: "never",
  ownPositions: false,
  waves: false,
  frozen: null,
  unread: null,
  holds: "the embeddings",
  holdsInner: true,
  holdsAttended: false,
  pooling: [[], "cls"],
  copies: "none",
  kernels: "flash",
  checkpoints: true,
};

/** BERT. */
export const BERT_TYPES: FamilyTypes = {
  bert: ofClasses(
    bert,
    MASKED_HEADS,
    UNTURNED,
    PLAIN_AND_TIED,
    sized(["max_position_embeddings", 512], 30_522),
    { encoder: BERT, peft: { targets: ["query", "value"] } },
  ),
};
