import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { BERT } from "./bert.ts";
import {
  classifierHead,
  evenAttention,
  labelsOf,
  plainMlp,
  taskOf,
  vocabularyHead,
} from "./blocks_classic.ts";
import { MASKED_HEADS, sized, UNTURNED } from "./code/parts.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

const NAMES = {
  query: "q_lin",
  key: "k_lin",
  value: "v_lin",
  output: "out_lin",
};

/**
 * DistilBERT: BERT's encoder with half the layers, no types of tokens and no
 * pooler.
 *
 * Source: huggingface/transformers models/distilbert/modeling_distilbert.py
 */
export const distilbert: Family = (config, scope) => {
  const hidden = config.size("dim", "hidden_size");
  const task = taskOf(config);
  encoder(config, task === "" ? scope : scope.scope("distilbert"), hidden);
  const dense = { role: "other", bias: true } as const;
  switch (task) {
    case "ForMaskedLM":
      scope.linear("vocab_transform", hidden, hidden, dense);
      scope.norm("vocab_layer_norm", hidden, { bias: true });
      return vocabularyHead(
        scope,
        "vocab_projector",
        [hidden, config.size("vocab_size")],
        { tied: config.flag("tie_word_embeddings", true), bias: true },
      );
    case "ForSequenceClassification":
      scope.linear("pre_classifier", hidden, hidden, dense);
      return classifierHead(scope, "classifier", hidden, labelsOf(config));
    case "ForMultipleChoice":
      scope.linear("pre_classifier", hidden, hidden, dense);
      return classifierHead(scope, "classifier", hidden, 1);
    case "ForTokenClassification":
      return classifierHead(scope, "classifier", hidden, labelsOf(config));
    case "ForQuestionAnswering":
      return classifierHead(scope, "qa_outputs", hidden, labelsOf(config));
  }
};

function encoder(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
): void {
  const positions = config.size("max_position_embeddings");
  const embeddings = scope.scope("embeddings");
  embeddings.embedding("word_embeddings", config.size("vocab_size"), hidden);
  embeddings.embedding("position_embeddings", positions, hidden, "position");
  embeddings.norm("LayerNorm", hidden, { bias: true });
  embeddings.buffer("position_ids", [1, positions], 8);
  const layer = scope.layers(
    "transformer.layer",
    allLayers(config.size("n_layers", "num_hidden_layers")),
  );
  evenAttention(layer.scope("attention"), hidden, { names: NAMES, bias: true });
  layer.norm("sa_layer_norm", hidden, { bias: true });
  plainMlp(
    layer.scope("ffn"),
    ["lin1", "lin2"],
    hidden,
    config.size("hidden_dim", "intermediate_size"),
    { bias: true },
  );
  layer.norm("output_layer_norm", hidden, { bias: true });
}

/** DistilBERT. */
export const DISTILBERT_TYPES: FamilyTypes = {
  distilbert: ofClasses(
    distilbert,
    MASKED_HEADS,
    UNTURNED,
    sized(["max_position_embeddings", 512], 30_522),
    {
      encoder: {
        ...BERT,
        activation: [["activation"], "gelu"],
        dropout: {
          attention: [["attention_dropout"], 0.1],
          residual: [["dropout"], 0.1],
          mlp: [[], 0],
          spans: [["qa_dropout"], 0.1],
        },
        dropsAttended: false,
        holdsInner: false,
      },
    },
  ),
};
