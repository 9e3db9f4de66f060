import type { HeadsCode } from "../families/code/loss.ts";
import type { Family } from "../families/family.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { declareRenamed, under } from "../tensors/renamed.ts";
import { TensorScope } from "../tensors/tensor_scope.ts";
import { labelsOf } from "../families/blocks_classic.ts";
import type { ModelClass } from "./class_of_config.ts";
import { classOf } from "./class_of_config.ts";

/**
 * A family with the head of the class that `architectures` names: the body of
 * the model that the family declares, and transformers' head of that kind.
 *
 * Source: huggingface/transformers modeling_layers.py,
 * GenericForSequenceClassification, GenericForTokenClassification,
 * GenericForQuestionAnswering; models' own classes where they have them
 */
export function headed(
  type: string,
  code: HeadsCode,
  family: Family,
): Family {
  return (config, scope) => {
    const [named = ""] = config.texts("architectures");
    const modelClass = classOf(type, named);
    if (modelClass.kind === "vocabulary") return family(config, scope);
    const whole = new TensorScope();
    family(config, whole);
    const body = bodyOf(whole.tensors);
    const at = placeOf(code, modelClass, body);
    const keepsHead = modelClass.name === "GPT2DoubleHeadsModel";
    declareRenamed(
      scope,
      whole,
      keepsHead ? under("") : under(`${body}.`, at),
    );
    head(config, scope, code, modelClass, widthOf(whole.tensors));
  };
}

/** The module of a causal model that holds all but its head. */
function bodyOf(tensors: readonly Tensor[]): string {
  const [body = ""] = tensors.find(({ role }) => role === "embedding")?.name
    .split(".") ?? [];
  return body;
}

/** The width of what a body gives: that of its embedding, which it gives back. */
function widthOf(tensors: readonly Tensor[]): number {
  return tensors.find(({ role }) => role === "embedding")?.shape[1] ?? 1;
}

function placeOf(
  { spansBody }: HeadsCode,
  { kind }: ModelClass,
  body: string,
): string {
  if (kind === "none") return "";
  return `${kind === "spans" ? spansBody ?? body : body}.`;
}

function head(
  config: ConfigReader,
  scope: TensorScope,
  { classifies, spansAreLabels }: HeadsCode,
  { name, kind }: ModelClass,
  width: number,
): void {
  const role = "head" as const;
  switch (kind) {
    case "other":
      return otherHead(name, scope, width);
    case "sequences":
      return scope.linear("score", width, labelsOf(config), { role });
    case "tokens": {
      const bias = classifies ||
        config.flag("token_classification_bias", true);
      const name = classifies ? "classifier" : "score";
      return scope.linear(name, width, labelsOf(config), { role, bias });
    }
    case "spans": {
      const ends = spansAreLabels ? labelsOf(config) : 2;
      return scope.linear("qa_outputs", width, ends, { role, bias: true });
    }
  }
}

/** Heads of one class alone. */
function otherHead(name: string, scope: TensorScope, width: number): void {
  switch (name) {
    // Beside the vocabulary: it picks one of several sequences.
    case "GPT2DoubleHeadsModel":
      return scope.linear("multiple_choice_head.summary", width, 1, {
        role: "head",
        bias: true,
      });
    case "Qwen2ForRewardModel":
      return deepScore(scope, width, 1);
    case "Qwen2ForProcessRewardModel":
      return deepScore(scope, width, 2);
    case "InternLM2ForRewardModel":
      return scope.linear("v_head", width, 1, { role: "head" });
  }
}

/** Two linears with an activation between them. */
function deepScore(scope: TensorScope, width: number, labels: number): void {
  scope.linear("score.0", width, width, { role: "head", bias: true });
  scope.linear("score.2", width, labels, { role: "head", bias: true });
}
