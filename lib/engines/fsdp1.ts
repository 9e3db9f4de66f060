import type { Trained } from "../optimizers/rule.ts";
import { stateActs, temporaryActs } from "../optimizers/step_acts.ts";
import type { Inventory } from "../plan/inventory.ts";
import { splitPieces } from "../plan/storage.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import type { Act, Take } from "../play/program/act.ts";
import type { Buffer } from "../play/program/buffer.ts";
import { bufferOf } from "../play/program/buffer.ts";
import { learningRuns } from "../play/program/pass.ts";
import { clearOf, firstStep, lengthOf, workspaceActs } from "./acts.ts";
import { beatsOf } from "./beats.ts";
import { reenters } from "./blocks/stacks.ts";
import type { Engine } from "./engine.ts";
import { fsdp2 } from "./fsdp2.ts";
import type { Flat } from "./fsdp/fsdp1_sizes.ts";
import { Fsdp1Weave } from "./fsdp/fsdp1_weave.ts";
import { fsdpGroups } from "./fsdp/groups.ts";
import { offloadedShards } from "./fsdp/host.ts";
import { microBatchesOf, playedOf } from "./fsdp/micro_batches.ts";
import type { FsdpPolicy } from "./fsdp/policy.ts";
import {
  computedByFsdp,
  fsdpPolicy,
  readByFsdp,
  refusedByFsdp,
} from "./fsdp/policy.ts";
import { gradientsIn, groupOf, Timeline } from "./fsdp/timeline.ts";
import { packedAssumptions } from "./packed_shards.ts";
import { Releases } from "./released.ts";
import type { Unit } from "./units.ts";
import { unitsIn, unitsOf } from "./units.ts";

/**
 * PyTorch's FullyShardedDataParallel: the parameters of a unit are one flat tensor,
 * of which each rank has a part.
 *
 * Source: pytorch torch/distributed/fsdp/_flat_param.py, _runtime_utils.py
 */
export const fsdp1: Engine = {
  name: "fsdp",
  reads: (scenario) => [
    ...readByFsdp(scenario),
    "engine.use_orig_params",
    "engine.forward_prefetch",
  ],
  refuses: (scenario) => refusedByFsdp(scenario),
  computed: computedByFsdp,
  ranks: fsdp2.ranks,
  play(question) {
    const { scenario, plan, place, mesh, rule, implementation } = question;
    const policy = fsdpPolicy(
      scenario,
      place,
      mesh.gpus,
      plan.model.architecture,
    );
    const line = new Timeline(new Releases());
    const weave = new Fsdp1Weave(policy, line, reenters(plan));
    const units = unitsOf(plan.inventory, "layers+root");
    const trained = trainedIn(
      units,
      plan.inventory,
      policy,
      (unit) => weave.flats(unit),
    );
    const stepped = { rule, implementation, trained };
    const { batches, hostBytes } = microBatchesOf(question, policy.noSync);
    for (const { passed, reduces, times } of batches) {
      const own = unitsIn(units, plan, learningRuns(passed).instances);
      weave.play({
        beats: beatsOf(passed, own),
        gradients: gradientsIn(passed.instances, own),
        reduces,
        times,
      }, own.map(({ unit }) => unit));
    }
    if (!policy.offloads) {
      line.acts.push(...temporaryActs(stepped, scenario.optimizer.name));
    }
    const played = playedOf(line.acts, batches);
    const ran = line.acts.splice(0);
    // Views of the flat gradients hold them until the next forward pass.
    line.phase = policy.originals ? "forward" : "optimizer";
    line.at = policy.originals ? "embeddings" : "optimizer";
    weave.dropGradients();
    const drops = line.acts;
    const clear = clearOf({ trained }, played);
    const { load, stale } = loaded(units, plan.inventory, weave);
    const once = policy.originals ? ran : [...ran, ...drops];
    return {
      program: {
        load,
        first: [
          ...workspaceActs(question.workspaces),
          ...stale.map((buffer): Act => ({
            act: "free",
            phase: "forward",
            at: "embeddings",
            buffer,
          })),
          ...firstStep(
            [...once, clear],
            policy.offloads ? [] : stateActs(stepped, scenario),
          ),
        ],
        step: [...(policy.originals ? drops : []), ...once, clear],
        ...lengthOf(played, stepped),
      },
      groups: fsdpGroups(policy),
      trained,
      hostBytes,
      assumptions: packedAssumptions(scenario),
      ...(policy.offloads
        ? { host: offloadedShards(stepped, scenario, sizesOf(units, weave)) }
        : {}),
    };
  },
};

/** Bytes of the shards of all units, and of their gradients. */
function sizesOf(
  units: readonly Unit[],
  weave: Fsdp1Weave,
): { shards: number; gradients: number } {
  const flats = units.flatMap((unit) => weave.flats(unit));
  return {
    shards: flats.reduce((sum, { bytes }) => sum + bytes.copy, 0),
    gradients: flats.reduce((sum, { bytes }) => sum + bytes.gradient, 0),
  };
}

const FLAT = groupOf("weights", "shards of flat parameters");
const ADAPTERS = groupOf("adapters", "shards of flat adapters");
const STALE = groupOf("weights", "shards before they were cast to fp32");

/** Shards and what is not sharded, and what the first forward pass frees of it. */
function loaded(
  units: readonly Unit[],
  { beside }: Inventory,
  weave: Fsdp1Weave,
): { load: Take[]; stale: Buffer[] } {
  const load: Take[] = [];
  const stale: Buffer[] = [];
  const take = (unit: Unit, buffer: Buffer) => {
    if (buffer.bytes === 0) return;
    const layer = Number(unit.name.split(".").at(-1));
    const at = unit.place === "layer" ? layer : "load";
    load.push({ act: "take", phase: "load", at, buffer });
  };
  for (const unit of units) {
    for (const { bytes, items } of weave.flats(unit)) {
      const isAdapter = items[0]?.item.isAdapter ?? false;
      take(
        unit,
        bufferOf(unit.name, [
          { group: isAdapter ? ADAPTERS : FLAT, bytes: bytes.stored },
          // Scales of packed weights are no parameters.
          ...items.filter(({ item }) => item.dtype === "uint8").flatMap((
            { item },
          ) =>
            splitPieces(item).beside.map((each) => ({
              group: item.group,
              bytes: roundedBytes(each),
            }))
          ),
        ]),
      );
    }
  }
  for (const buffer of beside) {
    load.push({ act: "take", phase: "load", at: "load", buffer });
  }
  for (const unit of units) {
    for (const { bytes } of weave.flats(unit)) {
      const buffer = bufferOf(unit.name, [{
        group: STALE,
        bytes: bytes.stale,
      }]);
      if (buffer.bytes === 0) continue;
      take(unit, buffer);
      stale.push(buffer);
    }
  }
  return { load, stale };
}

/** What the optimizer of a rank steps: the parts of parameters in its shards. */
function trainedIn(
  units: readonly Unit[],
  inventory: Inventory,
  { rank, originals }: FsdpPolicy,
  flatsOf: (unit: Unit) => readonly Flat[],
): Trained[] {
  const known = new Map(inventory.trained.map((each) => [each.name, each]));
  const kinds = new Map<Unit["kind"], { unit: Unit; copies: number }>();
  for (const unit of units) {
    const before = kinds.get(unit.kind);
    if (before) before.copies++;
    else kinds.set(unit.kind, { unit, copies: 1 });
  }
  return [...kinds.values()].flatMap(({ unit, copies }) =>
    flatsOf(unit).filter(({ trains }) => trains).flatMap(
      ({ items, shard, dtype }): Trained[] => {
        const [first] = items;
        const any = first && known.get(first.item.tensor.name);
        if (!originals && any) {
          return [{ ...any, shape: [shard], elements: shard, dtype, copies }];
        }
        return items.flatMap(({ item, from, to }) => {
          const whole = known.get(item.tensor.name);
          const elements = Math.min(to, (rank + 1) * shard) -
            Math.max(from, rank * shard);
          return whole && elements > 0
            ? [{ ...whole, shape: [elements], elements, dtype, copies }]
            : [];
        });
      },
    )
  );
}
