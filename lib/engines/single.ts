import type { Scenario } from "../scenario/schema.ts";
import type { Stepped } from "../optimizers/step_acts.ts";
import {
  elementsIn,
  stateActs,
  temporaryActs,
} from "../optimizers/step_acts.ts";
import { stateCount } from "../optimizers/rules.ts";
import type { Act, Program, Run, Take } from "../play/program/act.ts";
import { bufferOf } from "../play/program/buffer.ts";
import type { Pass, PassActs } from "../play/program/pass.ts";
import { passActs } from "../play/program/pass.ts";
import type { Inventory } from "../plan/inventory.ts";
import { loadOrder } from "../plan/inventory.ts";

/** What one GPU runs. */
export interface SinglePlan extends Stepped {
  readonly scenario: Pick<Scenario, "optimizer" | "precision">;
  readonly inventory: Inventory;
  /** The first micro-batch, and the ones that add to its gradients. */
  readonly passes: readonly Pass[];
  /** Whether the optimizer steps within the backward pass. */
  readonly inBackward: boolean;
  /** Bytes of each workspace that libraries keep. */
  readonly workspaces: readonly number[];
}

/** The program of a rank that has the model alone. */
export function singleProgram(plan: SinglePlan): Program {
  const { scenario, passes, inBackward } = plan;
  const runs = passes.map(passActs);
  const step = [
    ...runs.flatMap(({ acts }) => acts),
    ...(inBackward ? [] : temporaryActs(plan, scenario.optimizer.name)),
    clearOf(plan, runs),
  ];
  const states = stateActs(plan, scenario);
  const begin = step.findIndex(({ phase }) => phase === "optimizer");
  return {
    load: loadActs(plan.inventory),
    first: [
      ...workspaceActs(plan.workspaces),
      ...step.slice(0, begin),
      ...states,
      ...step.slice(begin),
    ],
    step,
    events: runs.reduce(
      (sum, { acts }) => sum + eventsOf(acts),
      stateCount(plan.rule, plan.trained),
    ),
    blocks: Math.max(...runs.map(({ instances }) => instances.length)),
  };
}

/** Parameters in the order of modules, and what stands beside them. */
function loadActs(inventory: Inventory): Take[] {
  return [
    ...loadOrder(inventory),
    ...inventory.beside.map((buffer) => ({ buffer, layer: null })),
  ].map(({ buffer, layer }) => ({
    act: "take",
    phase: "load",
    at: layer ?? "load",
    buffer,
  }));
}

/** Libraries take their workspaces when they are first used. */
function workspaceActs(workspaces: readonly number[]): Take[] {
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

/** Gradients go when the step is over. */
function clearOf({ trained }: SinglePlan, runs: readonly PassActs[]): Act {
  return {
    act: "clear",
    phase: "optimizer",
    at: "optimizer",
    instances: runs.flatMap(({ instances }) => instances),
    group: {
      part: "gradients",
      label: "gradients",
      count: 1,
      elements: elementsIn(trained),
    },
    bytes: runs.flatMap(({ acts }) => acts).reduce(
      (sum, { segment }) => sum + segment.net,
      0,
    ),
  };
}

function eventsOf(acts: readonly Run[]): number {
  return acts.reduce(
    (total, { segment }) => total + segment.to - segment.from,
    0,
  );
}
