import { placedInventory } from "../../plan/placement.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { Mesh } from "../../parallel/mesh.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { RankAnswer, RankQuestion } from "../engine.ts";
import { placedByRows } from "../fsdp/fsdp2_sizes.ts";
import { fsdpGroups } from "../fsdp/groups.ts";
import { microBatchesOf } from "../fsdp/micro_batches.ts";
import type { FsdpPolicy } from "../fsdp/policy.ts";
import { fsdpPolicy } from "../fsdp/policy.ts";
import { playSharded } from "../fsdp/sharded.ts";
import { unitsOf } from "../units.ts";
import type { RecordedChunk } from "./whole.ts";

/** FSDP is of the ranks that share no layer. */
export function amongReplicas(scenario: Scenario, { dp }: Mesh): Scenario {
  const { parallel } = scenario;
  return { ...scenario, parallel: { ...parallel, gpus: dp, tp: 1, pp: 1 } };
}

/** The policy of a rank; stages of a pipeline stay whole for all micro-batches. */
export function titanPolicy(
  { scenario, mesh, place, plan: { model } }: RankQuestion,
): FsdpPolicy {
  const policy = fsdpPolicy(
    amongReplicas(scenario, mesh),
    place,
    mesh.dp,
    model.architecture,
  );
  return mesh.pp === 1 || scenario.engine.reshard_after_forward !== null
    ? policy
    : { ...policy, reshard: false, rootReshard: false, keepsLast: false };
}

/** A rank that has all layers, sharded over the ranks that share none of them. */
export function shardedTitan(
  question: RankQuestion,
  own: StepPlan,
  record: RecordedChunk,
): RankAnswer {
  const { scenario } = question;
  const policy = titanPolicy(question);
  const { batches } = microBatchesOf(
    { scenario, plan: own, record: () => record("keep") },
    policy.noSync,
  );
  const { program } = playSharded(question, {
    plan: own,
    policy,
    inventory: placedInventory(
      own.inventory,
      (item) => placedByRows(item, policy),
    ),
    units: unitsOf(own.inventory, policy.wrap),
    batches,
  });
  return {
    program,
    groups: fsdpGroups(policy, question.mesh.tp),
    hostBytes: 0,
  };
}
