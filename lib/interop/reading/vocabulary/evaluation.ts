import type { Draft } from "../draft.ts";
import type { FileSettings, Rule } from "../format.ts";
import { plainText } from "../plain_text.ts";
import { counted } from "../rules.ts";
import { readSwitch } from "../values.ts";

/** Whether a file switches evaluation on. */
type Evaluates = (all: FileSettings) => boolean;

/** Whether a setting names a strategy other than none; null where it is not given. */
function strategyOf(all: FileSettings): boolean | null {
  const given = all.get("eval_strategy") ?? all.get("evaluation_strategy");
  if (given === undefined) return null;
  return !["no", "false", "none", ""].includes(plainText(given).toLowerCase());
}

/** The Trainer evaluates where a strategy, or do_eval, says so. */
export const trainerEvaluates: Evaluates = (all) =>
  strategyOf(all) ?? readSwitch(all.get("do_eval")) === true;

/**
 * ms-swift evaluates by itself where it has anything to evaluate.
 *
 * Source: modelscope/ms-swift swift/llm/argument/train_args.py, _init_eval_strategy
 */
export const swiftEvaluates: Evaluates = (all) =>
  (all.has("val_dataset") || Number(all.get("split_dataset_ratio")) > 0) &&
  strategyOf(all) !== false;

/**
 * Axolotl evaluates by itself where it has anything to evaluate.
 *
 * Source: axolotl-ai-cloud/axolotl src/axolotl/core/trainer_builder.py, build:
 * eval_strategy
 */
export const axolotlEvaluates: Evaluates = (all) =>
  (Number(all.get("val_set_size")) > 0 || all.has("test_datasets")) &&
  strategyOf(all) !== false;

/** What a tool evaluates with where a file names no batch. */
export interface OwnEvaluation {
  readonly evaluates: Evaluates;
  readonly batch: number;
  readonly reason: string;
}

/** Source: huggingface/transformers training_args.py, TrainingArguments */
export const TRAINERS_OWN: OwnEvaluation = {
  evaluates: trainerEvaluates,
  batch: 8,
  reason: "per_device_eval_batch_size is 8 where it is not given",
};

/** Takes a tool's own batch of an evaluation where a file names none. */
export function assumeEvaluation(
  draft: Draft,
  all: FileSettings,
  { evaluates, batch, reason }: OwnEvaluation,
): void {
  if (!evaluates(all)) return;
  draft.assume("train.evaluation.micro_batch", batch, reason);
}

/** Whether metrics are computed from an evaluation's logits. */
function computesMetrics(all: FileSettings): boolean {
  const best = plainText(all.get("metric_for_best_model") ?? "");
  return readSwitch(all.get("compute_metrics")) === true ||
    (best !== "" && !/^(?:eval_)?loss$/.test(best));
}

/**
 * Batches whose logits stay on the GPU before they go to the host: of the loss alone
 * nothing does.
 *
 * Source: huggingface/transformers trainer.py, evaluation_loop
 */
export const KEPT_BATCHES_RULE: Rule = {
  keys: ["eval_accumulation_steps"],
  fields: ["train.evaluation.kept_batches"],
  values: "where metrics are computed: metric_for_best_model, compute_metrics",
  read: (setting, draft, all) => {
    if (!trainerEvaluates(all)) {
      draft.leave(setting, "evaluation is not switched on");
    } else if (!computesMetrics(all)) {
      draft.leave(setting, "of the loss alone no logits are kept");
    } else {
      counted(setting.key, "train.evaluation.kept_batches")
        .read(setting, draft, all);
    }
  },
};

/** Keys of the batch of an evaluation, and of its length. */
interface EvaluationKeys {
  readonly batch: readonly string[];
  readonly length?: string;
}

/** The batch of transformers' TrainingArguments. */
export const TRAINER_EVALUATION: EvaluationKeys = {
  batch: ["per_device_eval_batch_size", "per_gpu_eval_batch_size"],
};

/** What is evaluated between steps, where evaluation is on. */
export function evaluationRules(
  { batch, length }: EvaluationKeys,
  evaluates: Evaluates,
): Rule[] {
  const whereOn = (rule: Rule): Rule => ({
    ...rule,
    values: "where evaluation is on",
    read: (setting, draft, all) => {
      if (evaluates(all)) rule.read(setting, draft, all);
      else draft.leave(setting, "evaluation is not switched on");
    },
  });
  const batches = counted(batch, "train.evaluation.micro_batch");
  return length === undefined ? [whereOn(batches)] : [
    whereOn(batches),
    whereOn(counted(length, "train.evaluation.sequence_length")),
  ];
}
