import { taskModelOf } from "../../models/heads/task_model.ts";
import type { Model } from "../../models/model.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import { takesLiger } from "../../software/trl/heads.ts";
import type { StepPlan } from "../step_plan.ts";
import { stepPlanOf } from "../step_plan.ts";
import { batchOf } from "./batch.ts";
import { generationOf, rollsWithin } from "./generation.ts";
import { headOf } from "./heads.ts";
import type { Learnt } from "./learnt.ts";
import { referenceOf, trainedFor } from "./learnt.ts";
import type {
  AskedShare,
  AskedShares,
  HeldSide,
  RolloutShare,
  SidePlan,
} from "./objective_plan.ts";
import { sharedWords } from "./words.ts";
import { generatingOf, shareWords, standingOf } from "./rollout_share.ts";
import {
  asked,
  comparedWith,
  oldLogProbs,
  referencePlan,
  takesOldLogProbs,
} from "./reference.ts";
import { teachingOf } from "./teacher.ts";
import { assumptionsOf, heededBy, warningsOf } from "./words.ts";

/**
 * Plans the step of a scenario's objective: the model that learns, and those that
 * are asked beside it.
 *
 * @param share What generates on the same GPU; null: nobody.
 * @param shares How ranks share models that are asked; null: each has them all.
 * @returns Or why it cannot.
 */
export function learningPlanOf(
  scenario: Scenario,
  named: Model,
  share: RolloutShare | null = null,
  shares: AskedShares | null = null,
): StepPlan | { readonly reason: string } {
  const model = taskModelOf(named, scenario);
  const objective = trainedFor(scenario);
  if (objective === null) return stepPlanOf(scenario, model);
  const batch = batchOf(scenario, objective);
  const read = reading(scenario, batch.sequences);
  const wrapped = stepPlanOf(read, model);
  if ("reason" in wrapped) return wrapped;
  const precision = { ...scenario.precision, autocast: null };
  const plan = callsPast(scenario, objective)
    ? stepPlanOf({ ...read, precision }, model)
    : wrapped;
  if ("reason" in plan) return plan;
  if (plan.encoders || plan.vision) {
    return {
      reason:
        `train.objective ${objective} with images or an encoder is not played through yet`,
    };
  }
  const sides: (SidePlan<StepPlan> | HeldSide)[] = [];
  const beside: Buffer[] = [];
  if (takesOldLogProbs(scenario)) sides.push(oldLogProbs(wrapped, batch));
  const reference = referenceOf(scenario, objective);
  if (reference === "copy" || reference === "adapter-off") {
    const other = referencePlan(wrapped);
    if ("reason" in other) return other;
    const compared = asked(other, objective, batch);
    const asks = reference === "copy" ? "reference" : "policy";
    sides.push(...comparedWith(objective, wrapped, compared, batch, asks));
    if (reference === "copy") {
      beside.push(...weightsOf(other, "the reference", shares?.reference));
    }
  }
  const generation = generationOf(scenario, plan, objective);
  if (generation && "reason" in generation) return generation;
  if (generation) sides.unshift(generation);
  if (share) {
    sides.unshift(generatingOf(share));
    beside.push(...standingOf(share));
  }
  const taught = objective === "distillation" ? teachingOf(plan, batch) : null;
  if (taught && "reason" in taught) return taught;
  if (taught) {
    sides.push(taught.side);
    beside.push(...weightsOf(taught.side.plan, "the teacher", shares?.teacher));
  }
  const { inventory } = plan;
  return {
    ...plan,
    objective: {
      head: plan.classHead
        ? null
        : taught?.head ?? headOf(scenario, objective, batch, "policy"),
      labels: batch.labels,
      sides,
      rolls: objective === "grpo" || objective === "distillation",
      rollsWithin: rollsWithin(scenario),
      share,
      heeds: heededBy(scenario, objective),
      assumptions: [
        ...assumptionsOf(scenario, objective),
        ...(share ? [shareWords(share)] : []),
        ...(shares && reference === "copy"
          ? [sharedWords("reference", shares.reference)]
          : []),
        ...(shares && taught ? [sharedWords("teacher", shares.teacher)] : []),
      ],
      warnings: [
        ...warningsOf(scenario, objective),
        ...(share?.refusal
          ? [`vLLM beside training would not start: ${share.refusal}`]
          : []),
      ],
    },
    inventory: { ...inventory, beside: [...inventory.beside, ...beside] },
  };
}

/** The scenario as a pass of so many sequences reads it. */
function reading(scenario: Scenario, sequences: number): Scenario {
  return { ...scenario, train: { ...scenario.train, micro_batch: sequences } };
}

/**
 * Whether a trainer calls a model past the forward that accelerate has wrapped, so
 * without autocast.
 *
 * Source: huggingface/trl models/utils.py, _ForwardRedirection
 */
function callsPast(scenario: Scenario, objective: Learnt): boolean {
  return takesLiger(scenario, objective) || (objective === "distillation" &&
    scenario.train.loss_type !== "generalized_jsd");
}

/** The weights of another model, which stand throughout: a rank's part of them. */
function weightsOf(
  { inventory }: StepPlan,
  whose: string,
  { ranks, dtype: lies, onHost }: AskedShare = WHOLE,
): Buffer[] {
  if (onHost) return [];
  const label = ranks > 1 ? `shards of ${whose}` : `parameters of ${whose}`;
  const group = { part: "weights", label, count: 1, elements: null } as const;
  return inventory.items.map(({ tensor, pieces, dtype }) => {
    const scale = lies === null || dtype === "uint8"
      ? 1
      : DTYPE_BYTES[lies] / DTYPE_BYTES[dtype];
    return bufferOf(
      `${tensor.name} of ${whose}`,
      pieces.map((bytes) => ({
        group,
        bytes: roundedBytes(Math.ceil(bytes * scale / ranks)),
      })),
      copiesOf(tensor),
    );
  });
}

const WHOLE: AskedShare = { ranks: 1, dtype: null, onHost: false };
