import type { Scenario } from "../../scenario/schema.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { cast } from "../../play/torch/ops/arithmetic.ts";
import type { Scored } from "../../play/record/loss_block.ts";
import { widened } from "../../software/trl/full_scores.ts";
import type { StepPlan } from "../step_plan.ts";
import { stepPlanOf } from "../step_plan.ts";
import type { Learnt } from "./learnt.ts";
import type { SidePlan } from "./objective_plan.ts";
import { bare } from "./objective_plan.ts";

/** Tokens of the prompts that a policy answers itself; null where it does not. */
export function promptOf(
  { train }: Pick<Scenario, "train">,
  objective: Learnt,
): number | null {
  const { rollout, prompt_tokens, completion_tokens, sequence_length } = train;
  if (objective !== "grpo" && objective !== "distillation") return null;
  if (rollout.engine === "vllm" || rollout.engine === "external") return null;
  const rest = completion_tokens === null
    ? null
    : sequence_length - completion_tokens;
  const prompt = prompt_tokens ?? rest;
  return prompt !== null && prompt > 0 ? prompt : null;
}

/** Forward passes that one rollout's completions are spread over. */
export function stepsOf(
  { rollout, gradient_accumulation }: Scenario["train"],
): number {
  return rollout.steps_per_generation ?? gradient_accumulation;
}

/**
 * Whether completions are made while an update's gradients stand: GKDTrainer makes
 * them for each micro-batch, GRPOTrainer does where a rollout is spread over other
 * than whole updates.
 *
 * Source: huggingface/trl 1.16.0 trainer/grpo_trainer.py and
 * trainer/distillation_trainer.py, _prepare_inputs; experimental/gkd/gkd_trainer.py,
 * training_step
 */
export function rollsWithin({ train }: Pick<Scenario, "train">): boolean {
  if (train.objective !== "grpo") return train.loss_type === "generalized_jsd";
  const every = stepsOf(train) * train.rollout.iterations;
  return every % train.gradient_accumulation !== 0;
}

/**
 * The first pass of a generation by transformers, of all prompts until the next
 * update: its cache, autocast's copies of all weights, the last tokens' logits.
 * PEFT's generates past the forward that accelerate has wrapped, without autocast.
 *
 * Source: huggingface/trl trainer/grpo_trainer.py, _generate_single_turn; peft
 * peft_model.py, PeftModelForCausalLM.generate; transformers generation/utils.py,
 * _sample
 *
 * @returns Null where the policy does not generate itself, or why it is not planned.
 */
export function generationOf(
  scenario: Scenario,
  { model, ...policy }: StepPlan,
  objective: Learnt,
): SidePlan<StepPlan> | null | { readonly reason: string } {
  const prompt = promptOf(scenario, objective);
  if (prompt === null) return null;
  const { train, precision } = scenario;
  const batch = policy.facts.batch * stepsOf(train);
  const autocast = train.method === "full" ? precision.autocast : null;
  const plan = stepPlanOf({
    ...scenario,
    train: {
      ...train,
      micro_batch: batch,
      sequence_length: prompt,
      checkpointing: "none",
    },
    precision: { ...precision, autocast },
  }, model);
  if ("reason" in plan) return plan;
  const scores = { rows: batch, by: sampled };
  return {
    name: "generation",
    when: "rollout",
    holds: false,
    asks: "policy",
    plan: {
      ...plan,
      facts: { ...plan.facts, cached: true },
      objective: { ...bare, head: { take: null, scores } },
    },
  };
}

/** The last tokens' logits, a copy of them in fp32, and their softmax. */
function sampled(m: Machine, given: Value): Scored {
  const logits = widened(m, given);
  const copy = logits.dtype === "fp32"
    ? m.create(logits.elements, "fp32", "logits that are sampled")
    : cast(m, logits, "fp32", "logits that are sampled");
  const chances = m.create(copy.elements, "fp32", "probabilities");
  m.drop(chances, copy, logits);
  return { loss: null, terms: [] };
}
