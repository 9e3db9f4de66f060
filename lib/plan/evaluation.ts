import type { Model } from "../models/model.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import type { Scenario } from "../scenario/schema.ts";
import { learningPlanOf } from "./objective/learning_plan.ts";
import type { AskedShares, RolloutShare } from "./objective/objective_plan.ts";
import { takesOldLogProbs } from "./objective/reference.ts";
import { embeddingPlanOf, headPlanOf } from "./outer_plan.ts";
import type { StepPlan } from "./step_plan.ts";

/** An evaluation between two steps of training. */
export interface EvaluationPlan {
  /** The model that learns, over a batch of the evaluation. */
  readonly plan: StepPlan;
  /** Bytes of the logits of a batch, as the model hands them out. */
  readonly logitsBytes: number;
  /** Batches whose logits stay on the GPU. */
  readonly kept: number;
}

/** Objectives whose trainers hand out the logits of a whole batch. */
const PLAIN: ReadonlySet<Scenario["train"]["objective"]> = new Set([
  null,
  "pretrain",
  "sft",
]);

/**
 * Plans a scenario's evaluation: the model in evaluation mode, where nothing is
 * dropped and no layer is a checkpoint, and its loss, without gradients. TRL's
 * trainers take the loss that they train with, and ask whom they ask for it.
 *
 * Source: huggingface/transformers 5.23.0 trainer.py, evaluation_loop,
 * prediction_step: torch.no_grad around the loss that training takes;
 * huggingface/trl 1.16.0 trainer/dpo_trainer.py and others, prediction_step
 *
 * @param share What generates on the same GPU; null: nobody.
 * @param shares How ranks share models that are asked; null: each has them all.
 * @returns Null where there is none; or why it cannot be played.
 */
export function evaluationPlanOf(
  scenario: Scenario,
  model: Model,
  share: RolloutShare | null = null,
  shares: AskedShares | null = null,
): EvaluationPlan | { readonly reason: string } | null {
  const { train } = scenario;
  if (train.evaluation.micro_batch === null) return null;
  const { model_code } = scenario.software;
  if (model_code !== "transformers") {
    return { reason: `an evaluation by software.model_code ${model_code}` };
  }
  const { kept_batches } = train.evaluation;
  if (kept_batches > 0 && !PLAIN.has(train.objective)) {
    return {
      reason:
        `an evaluation of train.objective ${train.objective} that keeps logits`,
    };
  }
  const asked = { ...scenario, train: evaluated(scenario) };
  const plan = learningPlanOf(asked, model, share, shares);
  if ("reason" in plan) return plan;
  if (plan.encoders) return { reason: "an evaluation of a model's encoder" };
  if (plan.vision) return { reason: "an evaluation of images" };
  return {
    plan: inEvaluationMode(plan),
    logitsBytes: plan.classHead ? 0 : logitsOf(plan),
    kept: kept_batches,
  };
}

/** How a batch of an evaluation is read. */
function evaluated(scenario: Scenario): Scenario["train"] {
  const { train } = scenario;
  const { micro_batch, sequence_length, kept_batches } = train.evaluation;
  return {
    ...train,
    micro_batch: micro_batch ?? train.micro_batch,
    ...(sequence_length === null ? {} : {
      sequence_length,
      prompt_tokens: null,
      completion_tokens: null,
      rejected_tokens: null,
    }),
    // Completions are made for each batch alone, and scored as those of training.
    gradient_accumulation: 1,
    rollout: {
      ...train.rollout,
      steps_per_generation: 1,
      iterations: takesOldLogProbs(scenario) ? 2 : 1,
    },
    // Logits that metrics want are made: Liger's kernels leave them out for
    // prediction_loss_only alone.
    loss: kept_batches > 0 ? "full" : train.loss,
    checkpointing: "none",
    checkpoint_offload: false,
    activation_offloading: "none",
    lora: { ...train.lora, dropout: 0 },
  };
}

function inEvaluationMode(plan: StepPlan): StepPlan {
  const { facts } = plan;
  const dropout = { attention: 0, residual: 0, embedding: 0 };
  return {
    ...plan,
    facts: { ...facts, traits: { ...facts.traits, dropout } },
  };
}

/**
 * Bytes of a batch's logits. Accelerate hands out fp32 under autocast, and older
 * code of models casts them itself.
 *
 * Source: huggingface/accelerate utils/operations.py, ConvertOutputsToFp32
 */
function logitsOf(plan: StepPlan): number {
  const first = embeddingPlanOf(plan, null);
  const { head, loss } = headPlanOf(plan, first);
  const isWide = loss.widensOutputs || loss.copies.startsWith("cast");
  const dtype: Dtype = isWide
    ? "fp32"
    : plan.scenario.precision.autocast ?? first.table.dtype;
  return roundedBytes(first.rows * head.out * DTYPE_BYTES[dtype]);
}
