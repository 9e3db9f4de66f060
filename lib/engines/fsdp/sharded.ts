import { stateActs, temporaryActs } from "../../optimizers/step_acts.ts";
import { onDevice } from "../../plan/placement.ts";
import type { placedInventory } from "../../plan/placement.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { Program } from "../../play/program/act.ts";
import { learningRuns } from "../../play/program/pass.ts";
import {
  clearOf,
  firstStep,
  lengthOf,
  loadActs,
  workspaceActs,
} from "../acts.ts";
import { beatsOf } from "../beats.ts";
import type { RankQuestion } from "../engine.ts";
import { Releases } from "../released.ts";
import type { Unit } from "../units.ts";
import { unitsIn } from "../units.ts";
import { Fsdp2Weave } from "./fsdp2_weave.ts";
import { stepOfUnit } from "./in_backward.ts";
import type { Passed } from "./micro_batches.ts";
import { playedOf } from "./micro_batches.ts";
import type { FsdpPolicy } from "./policy.ts";
import { gradientsIn, Timeline } from "./timeline.ts";

/** What a rank of fully_shard runs. */
export interface ShardedRank {
  readonly plan: StepPlan;
  readonly policy: FsdpPolicy;
  /** Its parameters as they are sharded. */
  readonly inventory: ReturnType<typeof placedInventory>;
  readonly units: readonly Unit[];
  readonly batches: readonly Passed[];
}

/** The program of a rank that fully_shard shards, and what was woven into it. */
export function playSharded(
  { scenario, rule, implementation, workspaces }: RankQuestion,
  { plan, policy, inventory, units, batches }: ShardedRank,
): { program: Program; weave: Fsdp2Weave } {
  const { trained } = inventory;
  const stepped = { rule, implementation, trained };
  const line = new Timeline(new Releases());
  const inBackward = scenario.optimizer.in_backward;
  const weave = new Fsdp2Weave(
    policy,
    line,
    inBackward ? stepOfUnit(stepped) : null,
  );
  for (const { passed, reduces, times } of batches) {
    const own = unitsIn(units, plan, learningRuns(passed).instances);
    weave.play({
      beats: beatsOf(passed, own, policy.lossOutside),
      gradients: gradientsIn(passed.instances, own),
      reduces,
      times,
    });
  }
  if (!policy.offloads && !inBackward) {
    line.acts.push(...temporaryActs(stepped, scenario.optimizer.name));
  }
  weave.zeroGradients();
  const played = playedOf(line.acts, batches);
  const step = [...line.acts, clearOf({ trained }, played)];
  return {
    program: {
      load: loadActs(onDevice(inventory)),
      first: [
        ...workspaceActs(workspaces),
        ...firstStep(step, policy.offloads ? [] : stateActs(stepped, scenario)),
      ],
      step,
      ...lengthOf(played, stepped),
    },
    weave,
  };
}
