import type { Stepped } from "../../optimizers/step_acts.ts";
import { temporaryBytes } from "../../optimizers/step_acts.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { Unit, UnitKind } from "../units.ts";
import { groupOf } from "./timeline.ts";

/** Why a step within the backward pass is not played; null where it is. */
export function refusedInBackward(
  { engine, optimizer, train }: Scenario,
): string | null {
  if (!optimizer.in_backward) return null;
  if (engine.name === "fsdp") {
    return "optimizer.in_backward steps whole gradients, and FSDP 1 has shards of flat ones: it is not played with it; engine.name fsdp2 steps so";
  }
  return train.gradient_accumulation > 1
    ? `optimizer.in_backward steps with each micro-batch: train.gradient_accumulation is ${train.gradient_accumulation}; 1 does`
    : null;
}

const STEPPING = groupOf(
  "optimizer temporaries",
  "temporaries of a shard's step",
);

/**
 * What an optimizer takes at most to step one of a unit's shards, where each
 * parameter has an optimizer of its own that a hook calls once its unit is reduced.
 *
 * Sources: pytorch torch/distributed/fsdp/_fully_shard/_fsdp_collectives.py,
 * foreach_reduce, _post_accumulate_grad_hooks; pytorch/torchtune
 * recipes/full_finetune_distributed.py, optimizer_in_bwd
 */
export function stepOfUnit(
  { trained, ...how }: Stepped,
): (unit: Unit) => Buffer {
  const shards = new Map(trained.map((each) => [each.name, each]));
  const known = new Map<UnitKind, Buffer>();
  return ({ kind, name }) => {
    const before = known.get(kind);
    if (before !== undefined) return before;
    const bytes = Math.max(
      0,
      ...kind.items.map(({ tensor }) => {
        const own = shards.get(tensor.name);
        return own
          ? temporaryBytes({ ...how, trained: [{ ...own, copies: 1 }] })
          : 0;
      }),
    );
    const made = bufferOf(name, [{ group: STEPPING, bytes }]);
    known.set(kind, made);
    return made;
  };
}
