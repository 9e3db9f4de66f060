import { resolveModel } from "../../models/resolve_model.ts";
import { embeddingPlanOf, headPlanOf } from "../outer_plan.ts";
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
  const { train, quantization, precision } = scenario;
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
  const { rows, head } = headPlanOf(student, embeddingPlanOf(student, null));
  const taught = {
    scored: batch.scored,
    width: found.value.architecture.hidden_size,
    dtype: precision.weights,
  };
  const hidden = { rows, ofHidden: true } as const;
  const nothing = { loss: null, terms: [] } as const;
  return {
    side: {
      name: "teacher",
      when: "after",
      holds: true,
      plan: {
        ...plan,
        objective: {
          ...bare,
          head: { take: null, scores: { ...hidden, by: () => nothing } },
        },
      },
    },
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
