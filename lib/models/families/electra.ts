import { BERT, bertEncoder } from "./bert.ts";
import {
  classifierHead,
  labelsOf,
  taskOf,
  vocabularyHead,
} from "./blocks_classic.ts";
import { MASKED_HEADS, sized, UNTURNED } from "./code/parts.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";
import { deepClassifier } from "./roberta.ts";

/**
 * ELECTRA: BERT's encoder behind an embedding that may be narrower, without a
 * pooler; a discriminator or a generator in training.
 *
 * Source: huggingface/transformers models/electra/modeling_electra.py
 */
export const electra: Family = (config, scope) => {
  const hidden = config.size("hidden_size");
  const width = config.optional("embedding_size") ?? 128;
  const task = taskOf(config);
  const body = task === "" ? scope : scope.scope("electra");
  bertEncoder(config, body, width);
  if (width !== hidden) {
    body.linear("embeddings_project", width, hidden, {
      role: "other",
      bias: true,
    });
  }
  switch (task) {
    case "ForPreTraining":
      scope.linear("discriminator_predictions.dense", hidden, hidden, {
        role: "other",
        bias: true,
      });
      return classifierHead(
        scope,
        "discriminator_predictions.dense_prediction",
        hidden,
        1,
      );
    case "ForMaskedLM":
    case "ForCausalLM":
      scope.norm("generator_predictions.LayerNorm", width, { bias: true });
      scope.linear("generator_predictions.dense", hidden, width, {
        role: "other",
        bias: true,
      });
      return vocabularyHead(
        scope,
        "generator_lm_head",
        [width, config.size("vocab_size")],
        { tied: config.flag("tie_word_embeddings", true), bias: true },
      );
    case "ForSequenceClassification":
      return deepClassifier(config, scope, hidden);
    case "ForMultipleChoice":
      scope.linear("sequence_summary.summary", hidden, hidden, {
        role: "other",
        bias: true,
      });
      return classifierHead(scope, "classifier", hidden, 1);
    case "ForTokenClassification":
      return classifierHead(scope, "classifier", hidden, labelsOf(config));
    case "ForQuestionAnswering":
      return classifierHead(scope, "qa_outputs", hidden, labelsOf(config));
  }
};

/** ELECTRA. */
export const ELECTRA_TYPES: FamilyTypes = {
  electra: ofClasses(
    electra,
    MASKED_HEADS,
    UNTURNED,
    sized(["max_position_embeddings", 512], 30_522),
    { encoder: BERT, peft: { targets: ["query", "value"] } },
  ),
};
