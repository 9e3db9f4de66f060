import type { Scenario } from "../../scenario/schema.ts";
import { playedCode } from "../../software/mod.ts";
import type { StepPlan } from "../step_plan.ts";
import { stepPlanOf } from "../step_plan.ts";
import { storageOf } from "../storage.ts";
import type { Batch } from "./batch.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import { fusesHead } from "../../software/trl/heads.ts";
import { stepsOf } from "./generation.ts";
import { headOf } from "./heads.ts";
import type { Learnt } from "./learnt.ts";
import type { AskedModel } from "../../play/record/block.ts";
import type { SidePlan } from "./objective_plan.ts";
import { bare } from "./objective_plan.ts";

/**
 * The plan of the same model without its adapters, or of a copy of it. A copy is
 * never frozen: autocast keeps its casts as it keeps the policy's.
 *
 * Source: huggingface/trl trainer/dpo_trainer.py, __init__: create_model_from_path
 * and prepare_model with evaluation_mode
 */
export function referencePlan(
  { scenario, model }: StepPlan,
): StepPlan | { readonly reason: string } {
  const lies = storageOf(scenario, playedCode(scenario, model).packing);
  const other: Scenario = {
    ...scenario,
    train: { ...scenario.train, method: "full", checkpointing: "none" },
  };
  return stepPlanOf(
    other,
    model,
    scenario.train.method === "full"
      ? null
      : (tensor) => ({ ...lies(tensor), trains: false }),
  );
}

/** A model that is asked what the objective wants of it, without gradients. */
export function asked(
  plan: StepPlan,
  objective: Learnt,
  batch: Batch,
): StepPlan {
  const head = headOf(plan.scenario, objective, batch, "asked");
  return { ...plan, objective: { ...bare, head } };
}

/**
 * What runs beside the model that learns, in the order of the trainer's code.
 *
 * Source: huggingface/trl trainer/dpo_trainer.py and kto_trainer.py, _compute_loss;
 * grpo_trainer.py, _generate_and_score_completions
 */
export function comparedWith(
  objective: Learnt,
  policy: StepPlan,
  plan: StepPlan,
  batch: Batch,
  asks: AskedModel,
): SidePlan<StepPlan>[] {
  const reference = { name: "reference", asks, plan } as const;
  const kl = { name: "kl", holds: false } as const;
  const own = { ...kl, asks: "policy", when: "before" } as const;
  switch (objective) {
    case "kto":
      if (policy.scenario.train.loss_type === "apo_zero_unpaired") {
        return [{ ...reference, when: "after", holds: true }];
      }
      return [
        { ...own, plan: asked(policy, objective, batch) },
        { ...kl, asks, when: "after", plan },
        { ...reference, when: "after", holds: true },
      ];
    case "grpo": {
      const earlier = earlierLogits(policy, batch);
      return [{ ...reference, when: "rollout", holds: false, earlier }];
    }
    default:
      return [{ ...reference, when: "after", holds: true }];
  }
}

/**
 * Whether the policy takes the completions' log-probabilities before the update:
 * where they may be of an earlier policy, or vLLM's that are to be corrected.
 *
 * Source: huggingface/trl 1.16.0 trainer/grpo_trainer.py,
 * _generate_and_score_completions
 */
export function takesOldLogProbs({ train }: Scenario): boolean {
  const { rollout, gradient_accumulation, objective } = train;
  if (objective !== "grpo") return false;
  const corrects = rollout.engine === "vllm" &&
    rollout.importance_sampling !== false;
  const every = stepsOf(train) * rollout.iterations;
  return corrects || gradient_accumulation % every !== 0;
}

/** The policy's pass over as many completions as an update reads. */
export function oldLogProbs(
  policy: StepPlan,
  batch: Batch,
): SidePlan<StepPlan> {
  return {
    name: "old_logprobs",
    when: "rollout",
    holds: false,
    asks: "policy",
    earlier: earlierLogits(policy, batch),
    plan: asked(policy, "grpo", batch),
  };
}

/**
 * Completions of several steps are read a slice at a time, and a variable holds the
 * logits of one until the next has them: nothing of one slice, or where no logits
 * are made.
 *
 * Source: huggingface/trl 1.8.0 trainer/grpo_trainer.py,
 * _get_per_token_logps_and_entropies
 */
function earlierLogits(
  { scenario, facts }: StepPlan,
  { sequences, scored }: Batch,
): number {
  const { train, precision } = scenario;
  if (stepsOf(train) === 1 || fusesHead(scenario)) return 0;
  const dtype = precision.autocast ? "fp32" : precision.weights;
  return (scored + sequences) * facts.architecture.vocab_size *
    DTYPE_BYTES[dtype];
}
