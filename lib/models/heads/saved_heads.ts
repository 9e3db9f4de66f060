import type { Model } from "../model.ts";
import { headKindOf } from "./model_head.ts";

/**
 * The modules that PEFT trains as copies because of a model's class: people give
 * LoraConfig the task type of the class, and PEFT saves the heads of SEQ_CLS,
 * TOKEN_CLS and QUESTION_ANS. With the last two it stops where the targets take
 * the head themselves, so that "all-linear" is taken to come without one.
 *
 * Source: PEFT 0.21.2, peft/peft_model.py, PeftModelForSequenceClassification,
 * PeftModelForTokenClassification, PeftModelForQuestionAnswering;
 * tuners/tuners_utils.py, _maybe_include_all_linear_layers
 *
 * @param targets The modules that LoRA is to adapt.
 */
export function savedHeads(
  model: Model,
  targets: string | readonly string[],
): readonly string[] {
  const takesAll = targets === "all-linear";
  switch (headKindOf(model)) {
    case "sequences":
      return ["classifier", "score"];
    case "tokens":
      return takesAll ? [] : ["classifier", "score"];
    case "spans":
      return takesAll ? [] : ["qa_outputs"];
    default:
      return [];
  }
}
