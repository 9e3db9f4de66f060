import { stateActs, temporaryActs } from "../optimizers/step_acts.ts";
import { localModel } from "../plan/titan/local_model.ts";
import { onDevice, placedInventory } from "../plan/placement.ts";
import { stepPlanOf } from "../plan/step_plan.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import type { Mesh } from "../parallel/mesh.ts";
import { divisorsOf, nearestOf } from "../parallel/nearest.ts";
import type { Act } from "../play/program/act.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import { besideBuffer } from "../plan/beside.ts";
import { passActs } from "../play/program/pass.ts";
import type { Pass } from "../play/program/pass.ts";
import type { Scenario } from "../scenario/schema.ts";
import {
  clearOf,
  firstStep,
  lengthOf,
  loadActs,
  workspaceActs,
} from "./acts.ts";
import { beatsOf } from "./beats.ts";
import type { Engine, RankAnswer, RankClass, RankQuestion } from "./engine.ts";
import { placedByRows } from "./fsdp/fsdp2_sizes.ts";
import { Fsdp2Weave } from "./fsdp/fsdp2_weave.ts";
import { computedByFsdp, fsdpPolicy, refusedByFsdp } from "./fsdp/policy.ts";
import { playedOf } from "./fsdp/micro_batches.ts";
import { gradientsIn, Timeline } from "./fsdp/timeline.ts";
import { Releases } from "./released.ts";
import { recordTitan } from "./titan/record.ts";
import { unitsIn, unitsOf } from "./units.ts";

/**
 * torchtitan's tensor parallelism, by DTensor, with its FSDP over the other ranks.
 *
 * Source: pytorch/torchtitan 0.1.0
 * torchtitan/models/llama3/infra/parallelize.py
 */
export const titan: Engine = {
  name: "fsdp2",
  refuses: refused,
  computed: computedByTitan,
  ranks(scenario, mesh) {
    const { rank } = scenario.parallel;
    const place = placeOf(rank ?? 0, mesh);
    const name = rank === null ? "all" : `rank ${rank}`;
    return [{ name, gpus: mesh.gpus, place }] satisfies RankClass[];
  },
  play(question) {
    const { plan, mesh } = question;
    const own = stepPlanOf(plan.scenario, localModel(plan.model, mesh.tp));
    if ("reason" in own) return own;
    return mesh.dp === 1 ? whole(question, own) : sharded(question, own);
  },
};

/** Where a rank is: tensor-parallel ranks follow one another. */
function placeOf(rank: number, { tp, dp }: Mesh): RankClass["place"] {
  return {
    tp: rank % tp,
    dp: Math.floor(rank / tp) % dp,
    pp: Math.floor(rank / (tp * dp)),
    cp: 0,
    ep: 0,
  };
}

/** FSDP is of the ranks that share no layer. */
function amongReplicas(scenario: Scenario, { dp }: Mesh): Scenario {
  const { parallel } = scenario;
  return { ...scenario, parallel: { ...parallel, gpus: dp, tp: 1, pp: 1 } };
}

/**
 * FSDP has the only mixed precision that torchtitan knows with tensor parallelism.
 *
 * Source: torchtitan/distributed/utils.py, maybe_enable_amp
 */
function computedByTitan(scenario: Scenario): Scenario {
  const { gpus, tp, pp, cp } = scenario.parallel;
  if (gpus > tp * pp * cp) return computedByFsdp(scenario);
  return {
    ...scenario,
    precision: { ...scenario.precision, autocast: null },
  };
}

function refused(scenario: Scenario, mesh: Mesh): string | null {
  const { train, parallel } = scenario;
  const { tp, pp, cp, ep } = mesh;
  if (pp * cp * ep > 1) {
    return "torchtitan's pipeline, context and expert parallelism are not played through yet";
  }
  if (train.method !== "full") {
    return `train.method ${train.method} is not played with torchtitan's tensor parallelism`;
  }
  if (train.loss !== "full" || train.kernels !== "eager") {
    return "torchtitan's tensor parallelism is played with the loss of all logits and eager kernels alone";
  }
  if (train.images_per_sample > 0) {
    return "images are not played with torchtitan's tensor parallelism";
  }
  if (train.sequence_length % tp !== 0) {
    return `parallel.tp = ${tp} does not divide train.sequence_length ${train.sequence_length}, whose tokens its ranks share${
      nearestOf(divisorsOf(train.sequence_length), tp)
    }`;
  }
  return refusedByFsdp(amongReplicas({ ...scenario, parallel }, mesh));
}

/** Records this rank's micro-batch. */
function recorded(
  { scenario, mesh, workspaces }: RankQuestion,
  own: StepPlan,
  accumulation: "keep" | "add",
): Pass {
  const { micro_batch: batch } = scenario.train;
  const stack = recordTitan(
    own,
    { tp: mesh.tp, batch },
    {
      autocast: own.scenario.precision.autocast,
      accumulation,
      workspaces: workspaces.length > 0,
    },
    {
      inParts: scenario.engine.loss_parallel ?? true,
      sharded: mesh.dp > 1,
    },
  );
  return { stacks: [stack], hostBytes: 0 };
}

/**
 * Ranks that share every layer: nothing of it is gathered. The optimizer is given
 * this rank's rows of the whole table's gradient.
 */
function whole(question: RankQuestion, own: StepPlan): RankAnswer {
  const { scenario, rule, implementation, workspaces } = question;
  const { inventory } = own;
  const stepped = { rule, implementation, trained: inventory.trained };
  const passes = [passActs(recorded(question, own, "keep"))];
  if (scenario.train.gradient_accumulation > 1) {
    passes.push(passActs(recorded(question, own, "add")));
  }
  const rows = inventory.trained.filter(({ embedding }) => embedding).map((
    { elements, dtype },
  ) =>
    besideBuffer("gradients", "rows of a table", elements * DTYPE_BYTES[dtype])
  );
  const around = (act: "take" | "free") =>
    rows.map((buffer): Act => ({
      act,
      phase: "optimizer",
      at: "optimizer",
      buffer,
    }));
  const step = [
    ...passes.flatMap(({ acts }) => acts),
    ...around("take"),
    ...temporaryActs(stepped, scenario.optimizer.name),
    ...around("free"),
    clearOf(stepped, passes),
  ];
  return {
    program: {
      load: loadActs(inventory),
      first: [
        ...workspaceActs(workspaces),
        ...firstStep(step, stateActs(stepped, scenario)),
      ],
      step,
      ...lengthOf(passes, stepped),
    },
    hostBytes: 0,
  };
}

function sharded(question: RankQuestion, own: StepPlan): RankAnswer {
  const { scenario, mesh, place, rule, implementation } = question;
  const policy = fsdpPolicy(amongReplicas(scenario, mesh), place, mesh.dp);
  const inventory = placedInventory(
    own.inventory,
    (item) => placedByRows(item, policy),
  );
  const { trained } = inventory;
  const stepped = { rule, implementation, trained };
  const line = new Timeline(new Releases());
  const weave = new Fsdp2Weave(policy, line);
  const units = unitsOf(own.inventory, policy.wrap);
  const pass = recorded(question, own, "keep");
  const count = Math.min(scenario.train.gradient_accumulation, 2);
  const batches = Array.from({ length: count }, (_, at) => ({
    passed: passActs(pass),
    reduces: !policy.noSync || at === count - 1,
  }));
  for (const { passed, reduces } of batches) {
    const within = unitsIn(units, own, passed.instances);
    weave.play({
      beats: beatsOf(passed, within, policy.lossOutside),
      gradients: gradientsIn(passed.instances, within),
      reduces,
    });
  }
  line.acts.push(...temporaryActs(stepped, scenario.optimizer.name));
  weave.zeroGradients();
  const played = playedOf(line.acts, batches);
  const step = [...line.acts, clearOf({ trained }, played)];
  return {
    program: {
      load: loadActs(onDevice(inventory)),
      first: [
        ...workspaceActs(question.workspaces),
        ...firstStep(step, stateActs(stepped, scenario)),
      ],
      step,
      ...lengthOf(played, stepped),
    },
    hostBytes: 0,
  };
}
