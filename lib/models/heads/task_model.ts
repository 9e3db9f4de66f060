import { modelOfConfig } from "../build_model.ts";
import type { Model } from "../model.ts";
import type { Tensor } from "../tensors/tensor.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { classesOf } from "./class_of_config.ts";
import { headKind } from "./head_kind.ts";
import { headKindOf } from "./model_head.ts";

/** What a model became that learns a score or classes, by what it was. */
const SCORING = new WeakMap<Model, Model>();
const CLASSIFYING = new WeakMap<Model, Model>();
const EMBEDDING = new WeakMap<Model, Model>();
/** What a model was that gives its hidden states now. */
const WITH_HEAD = new WeakMap<Model, Model>();

/**
 * The model that a scenario's objective loads: one that learns rewards or classes
 * has a score in place of its vocabulary, one that learns embeddings has nothing. A
 * model that has such a head, or whose
 * type has no such class, stays as it is.
 *
 * Source: huggingface/trl trainer/reward_trainer.py: from_pretrained with
 * num_labels 1; huggingface/transformers modeling_layers.py,
 * GenericForSequenceClassification
 */
export function taskModelOf(
  model: Model,
  { task, train: { objective } }: Pick<Scenario, "task" | "train">,
): Model {
  const scores = objective === "reward";
  const embeds = objective === "embedding";
  const isTask = scores || embeds || objective === "classification";
  if (task !== "train" || !isTask) return model;
  const { config, architecture } = model;
  if (!config || headKindOf(model) !== "vocabulary") return model;
  const named = classesOf(architecture.type)?.find((each) =>
    headKind(each) === (embeds ? "none" : "sequences")
  );
  if (named === undefined) return model;
  const known = scores ? SCORING : embeds ? EMBEDDING : CLASSIFYING;
  const before = known.get(model);
  if (before) return before;
  const { id2label: _, ...rest } = config;
  const built = modelOfConfig(
    scores
      ? { ...rest, architectures: [named], num_labels: 1 }
      : { ...config, architectures: [named] },
    model,
  );
  if (!built.ok) return model;
  const made: Model = { ...built.value, name: model.name };
  known.set(model, made);
  if (embeds) WITH_HEAD.set(made, model);
  return made;
}

/** The head that stands unread where a model's hidden states are learnt from. */
export function unreadHeadOf(model: Model): readonly Tensor[] {
  return (WITH_HEAD.get(model)?.tensors ?? []).filter(({ role }) =>
    role === "head"
  );
}
