import { stateCount } from "../optimizers/rules.ts";
import type { Stepped } from "../optimizers/step_acts.ts";
import { elementsIn } from "../optimizers/step_acts.ts";
import type { Inventory } from "../plan/inventory.ts";
import { PIXELS, ROUNDING_SCALES } from "../plan/beside.ts";
import { loadOrder } from "../plan/inventory.ts";
import type { Act, Clear, Program, Run, Take } from "../play/program/act.ts";
import { bufferOf } from "../play/program/buffer.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import type { Trained } from "../optimizers/rule.ts";
import type { PassActs } from "../play/program/pass.ts";

/** Parameters in the order of modules, and what stands beside them. */
export function loadActs(inventory: Inventory): Take[] {
  return [
    ...loadOrder(inventory),
    ...inventory.beside.map((buffer) => ({ buffer, layer: null })),
  ].map(({ buffer, layer }) => ({
    act: "take",
    // The batch's images come when the model is there, as what a pass keeps.
    phase: [PIXELS, ROUNDING_SCALES].includes(buffer.name) ? "forward" : "load",
    at: layer ?? "load",
    buffer,
  }));
}

/** Libraries take their workspaces when they are first used. */
export function workspaceActs(workspaces: readonly number[]): Take[] {
  const group = {
    part: "kernel workspaces",
    label: "cuBLAS workspace",
    count: workspaces.length,
    elements: null,
  } as const;
  const buffer = bufferOf(
    "cuBLAS",
    workspaces.map((bytes) => ({ group, bytes })),
  );
  return buffer.bytes === 0
    ? []
    : [{ act: "take", phase: "forward", at: "embeddings", buffer }];
}

/** All that passes still hold goes when the step is over: gradients. */
export function clearOf(
  { trained }: Pick<Stepped, "trained">,
  passes: readonly PassActs[],
): Clear {
  const bytes = passes.reduce(
    (total, { acts }) =>
      acts.reduce((sum, { segment }) => sum + segment.net, total),
    0,
  );
  return {
    act: "clear",
    phase: "optimizer",
    at: "optimizer",
    instances: passes.length === 1
      ? passes[0]?.instances ?? []
      : passes.flatMap(({ instances }) => instances),
    group: {
      part: "gradients",
      label: "gradients",
      count: 1,
      // A tower that sees nothing trains, and no gradient reaches it.
      elements: bytes === gradientBytes(trained) ? elementsIn(trained) : null,
    },
    bytes,
  };
}

/** Bytes of a gradient for all that trains. */
function gradientBytes(trained: readonly Trained[]): number {
  return trained.reduce(
    (total, { elements, dtype, copies }) =>
      total + copies * roundedBytes(elements * DTYPE_BYTES[dtype]),
    0,
  );
}

/** A step's acts as its first step has them: the optimizer makes its states. */
export function firstStep(step: readonly Act[], states: readonly Act[]): Act[] {
  const begin = step.findIndex(({ phase }) => phase === "optimizer");
  return step.slice(0, begin).concat(states, step.slice(begin));
}

/** How long a program of passes is. */
export function lengthOf(
  passes: readonly PassActs[],
  { rule, trained }: Pick<Stepped, "rule" | "trained">,
): Pick<Program, "events" | "blocks"> {
  return {
    events: passes.reduce(
      (sum, { acts }) => sum + eventsOf(acts),
      stateCount(rule, trained),
    ),
    blocks: Math.max(...passes.map(({ instances }) => instances.length)),
  };
}

function eventsOf(acts: readonly Run[]): number {
  return acts.reduce(
    (total, { segment }) => total + segment.to - segment.from,
    0,
  );
}
