import { stateActs, temporaryActs } from "../optimizers/step_acts.ts";
import type { Inventory } from "../plan/inventory.ts";
import { onDevice, placedInventory } from "../plan/placement.ts";
import {
  clearOf,
  firstStep,
  lengthOf,
  loadActs,
  workspaceActs,
} from "./acts.ts";
import { beatsOf } from "./beats.ts";
import {
  computedPart,
  contextAssumptions,
  refusedContext,
} from "./contexts.ts";
import type { Engine } from "./engine.ts";
import { placedByRows } from "./fsdp/fsdp2_sizes.ts";
import { Fsdp2Weave } from "./fsdp/fsdp2_weave.ts";
import { microBatchesOf, playedOf } from "./fsdp/micro_batches.ts";
import type { FsdpPolicy } from "./fsdp/policy.ts";
import {
  computedByFsdp,
  expertsPolicy,
  fsdpPolicy,
  refusedByFsdp,
} from "./fsdp/policy.ts";
import { gradientsIn, Timeline } from "./fsdp/timeline.ts";
import { undispatched } from "./fsdp/undispatched.ts";
import { Releases } from "./released.ts";
import { unitsIn, unitsOf } from "./units.ts";

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
  refuses: (scenario) =>
    refusedByFsdp(scenario) ?? refusedContext(scenario, "ring"),
  computed: (scenario) => computedPart(computedByFsdp(scenario)),
  ranks: ({ parallel }, { gpus }) => [{
    name: parallel.rank === null ? "all" : `rank ${parallel.rank}`,
    gpus,
    place: { dp: parallel.rank ?? 0, tp: 0, pp: 0, cp: 0, ep: 0 },
  }],
  play(question) {
    const { scenario, plan, place, mesh, rule, implementation } = question;
    const reason = undispatched(plan.facts);
    if (reason !== null) return { reason };
    const policy = fsdpPolicy(scenario, place, mesh.gpus);
    const own = expertsPolicy(policy);
    const inventory = placedInventory(
      plan.inventory,
      (item) => placedByRows(item, item.tensor.expert ? own : policy),
    );
    const { trained } = inventory;
    const stepped = { rule, implementation, trained };
    const line = new Timeline(new Releases());
    const weave = new Fsdp2Weave(policy, line);
    const units = unitsOf(
      plan.inventory,
      policy.wrap,
      policy.expertRanks > 1,
    );
    const { batches, hostBytes } = microBatchesOf(
      question,
      policy.noSync,
      !castsUnreduced(policy, plan.inventory),
    );
    for (const { passed, reduces } of batches) {
      const own = unitsIn(units, plan, passed.instances);
      weave.play({
        beats: beatsOf(passed, own),
        gradients: gradientsIn(passed.instances, own),
        reduces,
      });
    }
    const temporaries = policy.offloads
      ? []
      : temporaryActs(stepped, scenario.optimizer.name);
    line.acts.push(...temporaries);
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
      hostBytes,
      assumptions: [
        ...contextAssumptions(scenario),
        ...(policy.expertRanks > 1 ? [EVEN_ROUTING] : []),
      ],
    };
  },
};

/** Whether gradients that wait to be reduced are cast for it. */
function castsUnreduced(
  { reduce }: FsdpPolicy,
  { trained }: Inventory,
): boolean {
  return reduce !== null && trained.some(({ dtype }) => dtype !== reduce);
}
