import { taskModelOf, unreadHeadOf } from "../../models/heads/task_model.ts";
import { resolveModel } from "../../models/resolve_model.ts";
import type { Model } from "../../models/model.ts";
import { copiesOf, elementsOf } from "../../models/tensors/tensor.ts";
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
import { CRITIC_WORDS, criticStanding, criticUpdate } from "./critic_share.ts";
import type { Learnt } from "./learnt.ts";
import { referenceOf, trainedFor } from "./learnt.ts";
import type {
  AskedShare,
  AskedShares,
  CriticShare,
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
 * @param critic What a critic holds of the same GPU; null: there is none.
 * @returns Or why it cannot.
 */
export function learningPlanOf(
  scenario: Scenario,
  named: Model,
  share: RolloutShare | null = null,
  shares: AskedShares | null = null,
  critic: CriticShare | null = null,
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
  const beside = objective === "embedding" ? unreadHead(model, scenario) : [];
  if (takesOldLogProbs(scenario)) sides.push(oldLogProbs(wrapped, batch));
  const reference = referenceOf(scenario, objective);
  if (reference === "copy" || reference === "adapter-off") {
    // Liger's loss of pairs asks both models past what accelerate has wrapped.
    const other = referencePlan(objective === "dpo" ? plan : wrapped);
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
  if (critic?.reason === null) {
    sides.push(criticUpdate(critic));
    beside.push(...criticStanding(critic));
  }
  const scoring = objective === "grpo" ? scoringPlan(read) : null;
  if (scoring && "reason" in scoring) return scoring;
  if (scoring) {
    beside.push(...weightsOf(scoring, "the reward model", shares?.reference));
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
        ...(critic ? [CRITIC_WORDS] : []),
        ...(shares && reference === "copy"
          ? [sharedWords("reference", shares.reference)]
          : []),
        ...(shares && taught ? [sharedWords("teacher", shares.teacher)] : []),
      ],
      warnings: [
        ...warningsOf(scenario, objective),
        ...(critic?.reason
          ? [`train.critic is not counted: ${critic.reason}`]
          : []),
        ...(share?.refusal
          ? [`vLLM beside training would not start: ${share.refusal}`]
          : []),
      ],
    },
    inventory: { ...inventory, beside: [...inventory.beside, ...beside] },
  };
}

/** The model that scores completions, which only runs; null where there is none. */
function scoringPlan(
  scenario: Scenario,
): StepPlan | { readonly reason: string } | null {
  const { train } = scenario;
  if (train.reward_model === null) return null;
  const found = resolveModel(train.reward_model);
  if (!found.ok) {
    return {
      reason: `train.reward_model: ${found.problems[0]?.message ?? ""}`,
    };
  }
  const scores = {
    ...scenario,
    train: { ...train, objective: "reward", method: "full" },
  } as const;
  return stepPlanOf(scores, taskModelOf(found.value, scores));
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

/**
 * The head of a model that gives its hidden states instead of logits: it stands, and
 * nobody reads it. Nothing of a model whose class has none, or has it tied.
 *
 * Source: modelscope/ms-swift swift/model/patcher.py, patch_output_normalizer
 */
function unreadHead(
  model: Model,
  { precision }: Pick<Scenario, "precision">,
): Buffer[] {
  const label = "the head, which nothing reads";
  const group = { part: "weights", label, count: 1, elements: null } as const;
  return unreadHeadOf(model).map((tensor) =>
    bufferOf(tensor.name, [{
      group,
      bytes: roundedBytes(
        elementsOf(tensor) * DTYPE_BYTES[precision.weights],
      ),
    }], copiesOf(tensor))
  );
}

const WHOLE: AskedShare = { ranks: 1, dtype: null, onHost: false };
