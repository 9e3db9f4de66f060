import { resolveModel } from "../../models/resolve_model.ts";
import { embeddingPlanOf, headPlanOf } from "../outer_plan.ts";
import type { Model } from "../../models/model.ts";
import type { LaterScores } from "../../play/record/later_scores.ts";
import { widened } from "../../software/trl/full_scores.ts";
import { jensenShannon } from "../../software/trl/jensen_shannon.ts";
import { divergence } from "../../software/trl/divergence.ts";
import type { StepPlan } from "../step_plan.ts";
import { stepPlanOf } from "../step_plan.ts";
import type { Batch } from "./batch.ts";
import type { ObjectiveHead, SidePlan } from "./objective_plan.ts";
import { bare } from "./objective_plan.ts";

/** A teacher's pass, and the head of the student that compares with it. */
export interface Teaching {
  readonly side: SidePlan<StepPlan>;
  readonly head: ObjectiveHead;
}

/**
 * How a student is taught: its teacher reads the same tokens upon the student's
 * graph, and gives its last hidden states.
 *
 * Source: huggingface/trl 1.16.0 trainer/distillation_trainer.py, _compute_loss
 *
 * @returns Or why the teacher cannot be planned.
 */
export function teachingOf(
  student: StepPlan,
  batch: Batch,
): Teaching | { readonly reason: string } {
  const { scenario } = student;
  const { train, quantization } = scenario;
  if (train.teacher === null) return { reason: "train.teacher is not given" };
  const found = resolveModel(train.teacher);
  if (!found.ok) {
    return { reason: `train.teacher: ${found.problems[0]?.message ?? ""}` };
  }
  const plan = stepPlanOf({
    ...scenario,
    train: { ...train, method: "full", checkpointing: "none" },
    quantization: { ...quantization, weights: "none" },
  }, found.value);
  if ("reason" in plan) return plan;
  return scenario.train.loss_type === "generalized_jsd"
    ? ofLogits(plan, batch)
    : ofHidden(student, plan, found.value, batch);
}

/** Both models hand out their last hidden states: DistillationTrainer. */
function ofHidden(
  student: StepPlan,
  teacher: StepPlan,
  { architecture }: Model,
  batch: Batch,
): Teaching {
  const { rows, head } = headPlanOf(student, embeddingPlanOf(student, null));
  const taught = {
    scored: batch.scored,
    width: architecture.hidden_size,
    dtype: student.scenario.precision.weights,
  };
  const hidden = { rows, ofHidden: true } as const;
  return {
    side: taughtBy(teacher, { ...hidden, by: () => nothing }),
    head: {
      take: null,
      scores: {
        ...hidden,
        by: (m, states) => ({
          ...nothing,
          ends: () => divergence(m, states, head, taught),
        }),
      },
    },
  };
}

/**
 * Both models hand out all logits: GKDTrainer.
 *
 * Source: huggingface/trl 1.16.0 experimental/gkd/gkd_trainer.py, compute_loss
 */
function ofLogits(teacher: StepPlan, batch: Batch): Teaching {
  const { sequences, tokens, scored } = batch;
  const rows = sequences * tokens;
  return {
    side: taughtBy(teacher, {
      rows,
      by: (m, given) => {
        const logits = widened(m, given);
        return { ...nothing, ends: () => m.drop(logits) };
      },
    }),
    head: {
      take: null,
      scores: {
        rows,
        by: (m, given) => {
          const logits = widened(m, given);
          return {
            ...nothing,
            ends: () => {
              const loss = jensenShannon(m, logits, batch, scored);
              m.drop(logits);
              return loss;
            },
          };
        },
      },
    },
  };
}

function taughtBy(plan: StepPlan, scores: LaterScores): SidePlan<StepPlan> {
  return {
    name: "teacher",
    when: "after",
    holds: true,
    asks: "teacher",
    plan: { ...plan, objective: { ...bare, head: { take: null, scores } } },
  };
}

const nothing = { loss: null, terms: [] } as const;
