import { divisorsOf, nearestOf } from "../parallel/nearest.ts";
import type { Inventory } from "../plan/inventory.ts";
import { layerPlanOf } from "../plan/layer_plan.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import { placedInventory } from "../plan/placement.ts";
import {
  computedPart,
  contextAssumptions,
  refusedContext,
} from "./contexts.ts";
import type { Engine } from "./engine.ts";
import { placedByRows } from "./fsdp/fsdp2_sizes.ts";
import type { Fsdp2Weave } from "./fsdp/fsdp2_weave.ts";
import { fsdpGroups } from "./fsdp/groups.ts";
import { offloadedShards } from "./fsdp/host.ts";
import { microBatchesOf } from "./fsdp/micro_batches.ts";
import type { FsdpPolicy } from "./fsdp/policy.ts";
import {
  computedByFsdp,
  expertsPolicy,
  fsdpPolicy,
  readByFsdp,
  refusedByFsdp,
} from "./fsdp/policy.ts";
import { playSharded } from "./fsdp/sharded.ts";
import { undispatched } from "./fsdp/undispatched.ts";
import { packedAssumptions } from "./packed_shards.ts";
import type { Unit } from "./units.ts";
import { unitsOf } from "./units.ts";

const EVEN_ROUTING =
  "every rank's experts are taken to get as many tokens as any other's";

/**
 * PyTorch's fully_shard: units of modules whose parameters are each sharded by
 * their rows, gathered before they run and reduced as they come.
 *
 * Source: pytorch torch/distributed/fsdp/_fully_shard
 */
export const fsdp2: Engine = {
  name: "fsdp2",
  reads: (scenario) => [
    ...readByFsdp(scenario),
    "engine.wrap",
    "engine.root_reshard",
    "parallel.cp",
    "parallel.cp_kind",
    "parallel.ep",
    "software.accelerate",
  ],
  refuses: (scenario) =>
    refusedByFsdp(scenario) ?? refusedContext(scenario, "ring"),
  computed: (scenario) => computedPart(computedByFsdp(scenario)),
  ranks: ({ parallel }, { gpus }) => [{
    name: parallel.rank === null ? "all" : `rank ${parallel.rank}`,
    gpus: parallel.rank === null ? gpus : 1,
    place: { dp: parallel.rank ?? 0, tp: 0, pp: 0, cp: 0, ep: 0 },
  }],
  play(question) {
    const { scenario, plan, place, mesh, rule, implementation } = question;
    const reason = undispatched(plan.facts);
    if (reason !== null) return { reason };
    const policy = fsdpPolicy(
      scenario,
      place,
      mesh.gpus,
      plan.model.architecture,
    );
    const strange = strangeExperts(plan, policy);
    if (strange !== null) return { reason: strange };
    const own = expertsPolicy(policy);
    const inventory = placedInventory(
      plan.inventory,
      (item) => placedByRows(item, item.tensor.expert ? own : policy),
    );
    const { trained } = inventory;
    const stepped = { rule, implementation, trained };
    const units = unitsOf(
      plan.inventory,
      policy.wrap,
      {
        within: policy.expertRanks > 1,
        beside: policy.experts !== null,
      },
    );
    const { batches, hostBytes } = microBatchesOf(
      question,
      policy.noSync,
      !castsUnreduced(policy, plan.inventory),
    );
    const { program, weave } = playSharded(question, {
      plan,
      policy,
      inventory,
      units,
      batches,
    });
    return {
      program,
      groups: fsdpGroups(policy),
      trained,
      hostBytes,
      ...(policy.offloads
        ? { host: offloadedShards(stepped, scenario, sizesOf(units, weave)) }
        : {}),
      assumptions: [
        ...contextAssumptions(scenario),
        ...packedAssumptions(scenario),
        ...(policy.expertRanks > 1 ? [EVEN_ROUTING] : []),
      ],
    };
  },
};

/** Bytes of the shards of all units, and of their gradients. */
function sizesOf(
  units: readonly Unit[],
  weave: Fsdp2Weave,
): { shards: number; gradients: number } {
  const all = { shards: 0, gradients: 0 };
  for (const unit of units) {
    const { copies, gradient } = weave.shares.sizesOf(unit);
    all.shards += copies.reduce((sum, bytes) => sum + bytes, 0);
    all.gradients += gradient;
  }
  return all;
}

/** Whether gradients that wait to be reduced are cast for it. */
function castsUnreduced(
  { reduce }: FsdpPolicy,
  { trained }: Inventory,
): boolean {
  return reduce !== null && trained.some(({ dtype }) => dtype !== reduce);
}

/** Why experts cannot be shared out over ranks; null where they can. */
function strangeExperts(
  { stack, facts, modulesOf }: StepPlan,
  { experts, ranks }: FsdpPolicy,
): string | null {
  if (!experts) return null;
  const { ep } = experts;
  if (ranks % ep !== 0) {
    return `parallel.ep must divide the ${ranks} ranks that share shards: current value is ${ep}${
      nearestOf(divisorsOf(ranks), ep)
    }`;
  }
  const isStrange = stack.kinds.some((kind) => {
    const { mlp } = layerPlanOf(modulesOf(kind), facts);
    if (mlp === null || "network" in mlp) return mlp !== null;
    return "experts" in mlp && !mlp.run;
  });
  return isStrange
    ? `experts of models of type ${facts.architecture.type} are not played shared out over ranks: parallel.ep has to be 1`
    : null;
}
