import { resolveModel } from "../models/resolve_model.ts";
import type {
  CriticShare,
  HeldPart,
} from "../plan/objective/objective_plan.ts";
import type { LiveTensors } from "../play/readers/live.ts";
import type { Scenario } from "../scenario/schema.ts";
import { playStep } from "../engines/step.ts";

/** The libraries of a process are loaded once. */
const SHARED = "kernel workspaces";

/**
 * What a critic holds on the policy's GPU: it is trained by the same engine as a
 * model of its own, whose head gives a value.
 *
 * Source: verl-project/verl verl/trainer/ppo/ray_trainer.py, fit: update_critic, then
 * update_actor; verl/workers/fsdp_workers.py, CriticWorker
 *
 * @returns Null where there is none.
 */
export function criticBeside(scenario: Scenario): CriticShare | null {
  const { train } = scenario;
  if (train.objective !== "grpo" || train.critic === null) return null;
  const found = resolveModel(train.critic);
  if (!found.ok) return unplayed(found.problems[0]?.message ?? "");
  const step = playStep(valued(scenario), found.value);
  if ("reason" in step) return unplayed(step.reason);
  const stands = byPart(step.standing);
  const peak = byPart(step.peak.live);
  return {
    stands: named(stands),
    updates: named(
      new Map([...peak].map(([part, bytes]) => [
        part,
        Math.max(0, bytes - (stands.get(part) ?? 0)),
      ])),
    ),
    reason: null,
  };
}

/** The scenario of a model that learns a value of each sequence. */
function valued(scenario: Scenario): Scenario {
  const { train } = scenario;
  return {
    ...scenario,
    train: {
      ...train,
      objective: "classification",
      critic: null,
      reward_model: null,
      evaluation: { ...train.evaluation, micro_batch: null },
    },
  };
}

function unplayed(reason: string): CriticShare {
  return { stands: [], updates: [], reason };
}

type Part = HeldPart["part"];

function byPart(tensors: readonly LiveTensors[]): Map<Part, number> {
  const sums = new Map<Part, number>();
  for (const { part, bytes } of tensors) {
    if (part !== SHARED) sums.set(part, (sums.get(part) ?? 0) + bytes);
  }
  return sums;
}

function named(sums: ReadonlyMap<Part, number>): HeldPart[] {
  return [...sums].filter(([, bytes]) => bytes > 0).map(([part, bytes]) => ({
    part,
    label: `${part} of the critic`,
    bytes,
  }));
}
