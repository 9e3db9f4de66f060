import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { BERT, bertEncoder, bertPooler } from "./bert.ts";
import {
  classifierHead,
  labelsOf,
  taskOf,
  vocabularyHead,
} from "./blocks_classic.ts";
import type { CodeParts } from "./code/code.ts";
import { MASKED_HEADS, sized, UNTURNED } from "./code/parts.ts";
import { codePartsOf } from "./code/usual.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

/**
 * RoBERTa, XLM-RoBERTa and CamemBERT: BERT's encoder with other heads.
 *
 * Source: huggingface/transformers models/roberta/modeling_roberta.py
 */
export const roberta: Family = (config, scope) => {
  const hidden = config.size("hidden_size");
  const task = taskOf(config);
  const body = task === "" ? scope : scope.scope("roberta");
  bertEncoder(config, body, hidden);
  switch (task) {
    case "":
      return bertPooler(body, hidden);
    case "ForMultipleChoice":
      bertPooler(body, hidden);
      return classifierHead(scope, "classifier", hidden, 1);
    case "ForMaskedLM":
    case "ForCausalLM":
      return languageHead(config, scope.scope("lm_head"), hidden);
    case "ForSequenceClassification":
      return deepClassifier(config, scope, hidden);
    case "ForTokenClassification":
      return classifierHead(scope, "classifier", hidden, labelsOf(config));
    case "ForQuestionAnswering":
      return classifierHead(scope, "qa_outputs", hidden, labelsOf(config));
  }
};

/** A classifier of two linear layers. */
export function deepClassifier(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
): void {
  scope.linear("classifier.dense", hidden, hidden, {
    role: "other",
    bias: true,
  });
  classifierHead(scope, "classifier.out_proj", hidden, labelsOf(config));
}

function languageHead(
  config: ConfigReader,
  at: TensorScope,
  hidden: number,
): void {
  const vocabulary = config.size("vocab_size");
  const tied = config.flag("tie_word_embeddings", true);
  at.parameter("bias", [vocabulary], { role: "head", split: 0 });
  at.linear("dense", hidden, hidden, { role: "other", bias: true });
  at.norm("layer_norm", hidden, { bias: true });
  // The decoder's bias is the one above where the weight is tied.
  vocabularyHead(at, "decoder", [hidden, vocabulary], { tied, bias: !tied });
}

const ROBERTA: CodeParts = codePartsOf(
  UNTURNED,
  MASKED_HEADS,
  sized(["max_position_embeddings", 512], 30_522),
  { encoder: { ...BERT, ownPositions: true } },
);

/** RoBERTa and those built like it. */
export const ROBERTA_TYPES: FamilyTypes = {
  roberta: ofClasses(
    roberta,
    ROBERTA,
    sized(["max_position_embeddings", 512], 50_265),
    { sizes: { gated: false }, peft: { targets: ["query", "value"] } },
  ),
  "xlm-roberta": ofClasses(roberta, ROBERTA, {
    peft: { targets: ["query", "value"] },
  }),
  camembert: ofClasses(roberta, ROBERTA),
};
