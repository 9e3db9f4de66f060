import type { Model } from "../models/model.ts";
import type { FamilyCode } from "../models/families/code/code.ts";
import { numberOf } from "../models/families/code/setting.ts";
import { codeOfType } from "../models/families/mod.ts";
import { namedClass } from "../models/heads/class_of_config.ts";
import type { HeadKind } from "../models/heads/head_kind.ts";
import { headKindOf } from "../models/heads/model_head.ts";
import type { LossSettings } from "../play/torch/ops/loss.ts";
import type { HeadStep, LossBranch } from "../play/record/task_head.ts";
import { SPANS } from "./encoders/task_head.ts";
import type { Modules } from "./modules.ts";

/** What a decoder's class puts on its body in place of a vocabulary. */
export interface ClassHead extends LossBranch {
  /** In words, for the answer's reader. */
  readonly task: string;
  /** Labels of each sequence; null where every token has one. */
  readonly labels: number | null;
  readonly copies: LossSettings["copies"];
}

/**
 * The head of a decoder's class; null where it gives logits of a vocabulary.
 *
 * Source: huggingface/transformers modeling_layers.py, loss/loss_utils.py
 *
 * @param outside The modules outside of layers.
 * @returns Or why the class is not played through.
 */
export function classHeadOf(
  model: Model,
  outside: Modules,
): ClassHead | null | { reason: string } {
  const kind = headKindOf(model);
  if (kind === "vocabulary") return null;
  const named = namedClass(model.config ?? {});
  const code = codeOfType(model.architecture.type);
  const score = outside.linear(
    outside.pathOf((name) => /^score\.0\.weight$/.test(name)),
  );
  const logits = score
    ? outside.linear("score.2")
    : outside.linear(outside.pathOf((_, { role }) => role === "head"));
  if (kind === "other" && !(/RewardModel$/.test(named) && logits)) {
    return { reason: `models of class ${named} are not played through yet` };
  }
  return {
    ...LOSSES[kind],
    reads: "tokens",
    steps: score
      ? [
        { kind: "linear", layer: score },
        { kind: "activation", activation: "relu" },
      ]
      : kind === "tokens"
      ? [dropoutOf(model, code)]
      : [],
    logits: kind === "none" ? null : logits,
    copies: kind === "tokens" && !code.loss.narrowTokens ? "float" : "none",
  };
}

const SCORES: Pick<ClassHead, "task" | "labels" | "loss"> = {
  task:
    "taken of the labels of each sequence, which are read at its last token: logits are made of every token",
  labels: 1,
  loss: "one of each sequence",
};

const LOSSES: Readonly<
  Record<
    Exclude<HeadKind, "vocabulary">,
    Pick<ClassHead, "task" | "labels" | "loss">
  >
> = {
  sequences: SCORES,
  other: SCORES,
  tokens: {
    task: "the cross entropy of the classes of every token",
    labels: null,
    loss: "rows",
  },
  spans: { task: SPANS, labels: 2, loss: "spans" },
  none: {
    task:
      "taken of what the last token of each sequence gives: no head is saved with the model",
    labels: 1,
    loss: "one of each sequence",
  },
};

/** GenericForTokenClassification's own order. */
function dropoutOf({ config = {} }: Model, { heads }: FamilyCode): HeadStep {
  return {
    kind: "dropout",
    probability: numberOf(config, [
      ["classifier_dropout", "hidden_dropout"],
      heads.dropout,
    ]),
  };
}
