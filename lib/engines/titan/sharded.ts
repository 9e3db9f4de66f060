import { stateActs, temporaryActs } from "../../optimizers/step_acts.ts";
import { onDevice, placedInventory } from "../../plan/placement.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { Mesh } from "../../parallel/mesh.ts";
import { passActs } from "../../play/program/pass.ts";
import type { Scenario } from "../../scenario/schema.ts";
import {
  clearOf,
  firstStep,
  lengthOf,
  loadActs,
  workspaceActs,
} from "../acts.ts";
import { beatsOf } from "../beats.ts";
import type { RankAnswer, RankQuestion } from "../engine.ts";
import { placedByRows } from "../fsdp/fsdp2_sizes.ts";
import { Fsdp2Weave } from "../fsdp/fsdp2_weave.ts";
import type { FsdpPolicy } from "../fsdp/policy.ts";
import { fsdpPolicy } from "../fsdp/policy.ts";
import { playedOf } from "../fsdp/micro_batches.ts";
import { gradientsIn, Timeline } from "../fsdp/timeline.ts";
import { Releases } from "../released.ts";
import { unitsIn, unitsOf } from "../units.ts";
import type { RecordedChunk } from "./whole.ts";

/** FSDP is of the ranks that share no layer. */
export function amongReplicas(scenario: Scenario, { dp }: Mesh): Scenario {
  const { parallel } = scenario;
  return { ...scenario, parallel: { ...parallel, gpus: dp, tp: 1, pp: 1 } };
}

/** The policy of a rank; stages of a pipeline stay whole for all micro-batches. */
export function titanPolicy(
  { scenario, mesh, place }: RankQuestion,
): FsdpPolicy {
  const policy = fsdpPolicy(amongReplicas(scenario, mesh), place, mesh.dp);
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
  const { scenario, rule, implementation } = question;
  const policy = titanPolicy(question);
  const inventory = placedInventory(
    own.inventory,
    (item) => placedByRows(item, policy),
  );
  const { trained } = inventory;
  const stepped = { rule, implementation, trained };
  const line = new Timeline(new Releases());
  const weave = new Fsdp2Weave(policy, line);
  const units = unitsOf(own.inventory, policy.wrap);
  const all = scenario.train.gradient_accumulation;
  const count = Math.min(all, policy.noSync ? 3 : 2);
  const pass = record("keep");
  const batches = Array.from({ length: count }, (_, at) => ({
    passed: passActs(pass),
    reduces: !policy.noSync || at === count - 1,
    times: at === 1 ? all - count + 1 : 1,
  }));
  for (const { passed, reduces, times } of batches) {
    const within = unitsIn(units, own, passed.instances);
    weave.play({
      beats: beatsOf(passed, within, policy.lossOutside),
      gradients: gradientsIn(passed.instances, within),
      reduces,
      times,
    });
  }
  if (!policy.offloads) {
    line.acts.push(...temporaryActs(stepped, scenario.optimizer.name));
  }
  weave.zeroGradients();
  const played = playedOf(line.acts, batches);
  const step = [...line.acts, clearOf({ trained }, played)];
  return {
    program: {
      load: loadActs(onDevice(inventory)),
      first: [
        ...workspaceActs(question.workspaces),
        ...firstStep(
          step,
          policy.offloads ? [] : stateActs(stepped, scenario),
        ),
      ],
      step,
      ...lengthOf(played, stepped),
    },
    hostBytes: 0,
  };
}
