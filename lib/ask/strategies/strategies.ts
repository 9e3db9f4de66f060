import type { Step } from "../../engines/step.ts";
import { playStep } from "../../engines/step.ts";
import type { Model } from "../../models/model.ts";
import { meshOf } from "../../parallel/mesh.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { changesFrom } from "../../scenario/walk.ts";
import { DevicePeak } from "../largest/device_peak.ts";
import { meshesOf, replicasOf } from "./meshes.ts";

/** A way to lay a scenario out over GPUs, and what the most loaded one holds. */
export interface GpuLayout {
  /** The fields that differ from the scenario's, by dotted path. */
  readonly set: Readonly<Record<string, unknown>>;
  /**
   * What the tensors of the most loaded GPU reach, in bytes; null where the layout
   * cannot be played.
   */
  readonly peak_bytes: number | null;
  /** Whether the scenario's GPU holds that and all beside it; null likewise. */
  readonly fits: boolean | null;
  /** Why it cannot be played; null where it can. */
  readonly reason: string | null;
}

/** The layouts of a number of GPUs. */
export interface GpuLayouts {
  /** Those that can be played, least bytes first, then why others cannot. */
  readonly rows: readonly GpuLayout[];
  /** How many more there are, which were not played: that would take too long. */
  readonly left_out: number;
}

/** Layouts that are tried at most. */
const MOST_LAYOUTS = 400;

/** Acts that are followed at most, over all layouts. */
const MOST_WORK = 2_000_000;

/**
 * Lists the ways to train a scenario's model on a number of GPUs: engines and what
 * they shard, tensor, pipeline, context and expert parallelism. All else is as the
 * scenario has it, also the micro-batch of a GPU. A step of each is played; the
 * allocator is only where it decides whether a layout fits.
 *
 * @param scenario As {@linkcode parseScenario} returned it; it is to train.
 * @param gpus How many there are.
 */
export function strategies(
  scenario: Scenario,
  model: Model,
  gpus: number,
): GpuLayouts {
  const trying = tryLayouts(scenario, model, gpus);
  let tried = trying.next();
  while (!tried.done) tried = trying.next();
  return tried.value;
}

/**
 * As {@linkcode strategies}, letting others have their turn between two layouts,
 * for a server that has more to do.
 *
 * @param breathe Settles when it is this question's turn again.
 */
export async function strategiesInTurns(
  scenario: Scenario,
  model: Model,
  gpus: number,
  breathe: () => Promise<void>,
): Promise<GpuLayouts> {
  const trying = tryLayouts(scenario, model, gpus);
  let tried = trying.next();
  while (!tried.done) {
    await breathe();
    tried = trying.next();
  }
  return tried.value;
}

function* tryLayouts(
  scenario: Scenario,
  model: Model,
  gpus: number,
): Generator<void, GpuLayouts> {
  const played: (GpuLayout & { readonly peak_bytes: number })[] = [];
  const refused = new Map<string, GpuLayout>();
  let tried = 0;
  let work = 0;
  let leftOut = 0;
  for (const laidOut of layoutsOf(scenario, model, gpus)) {
    const { name } = laidOut.engine;
    if (!meshOf(laidOut.parallel, model.architecture, name).ok) continue;
    if (tried >= MOST_LAYOUTS || work >= MOST_WORK) {
      leftOut++;
      continue;
    }
    tried++;
    yield;
    const set = setOf(scenario, laidOut);
    const step = playStep(laidOut, model);
    if ("reason" in step) {
      const { reason } = step;
      const key = `${name} ${reason}`;
      if (refused.has(key)) continue;
      refused.set(key, { set, peak_bytes: null, fits: null, reason });
      continue;
    }
    work += workOf(step);
    const { fits } = new DevicePeak(laidOut, step, () => step);
    played.push({ set, peak_bytes: step.peak.bytes, fits, reason: null });
  }
  return {
    rows: [
      ...played.sort((a, b) => a.peak_bytes - b.peak_bytes),
      ...refused.values(),
    ],
    left_out: leftOut,
  };
}

/** About how long it takes to play a step. */
function workOf({ program: { load, step } }: Step): number {
  return load.length + step.length;
}

function setOf(scenario: Scenario, laidOut: Scenario): GpuLayout["set"] {
  return Object.fromEntries(
    changesFrom(scenario, laidOut).map(({ path, value }) => [path, value]),
  );
}

/** Candidates, whether they can be played or not. */
function layoutsOf(
  scenario: Scenario,
  model: Model,
  gpus: number,
): Scenario[] {
  const { architecture } = model;
  const base: Scenario = { ...scenario, method: "timeline" };
  const { engine, parallel } = base;
  const replicas = { ...base, parallel: replicasOf(parallel, gpus) };
  const under = (settings: Partial<Scenario["engine"]>): Scenario => ({
    ...replicas,
    engine: { ...engine, zero_stage: 0, ...settings },
  });
  if (gpus === 1) return [under({ name: "single" })];
  const shardings = gpus > parallel.gpus_per_node
    ? ["full", "grad_op", "hybrid"] as const
    : ["full", "grad_op"] as const;
  const meshes = meshesOf({ scenario: base, architecture, gpus });
  return [
    under({ name: "ddp" }),
    ...[1, 2, 3].map((zero_stage) => under({ name: "deepspeed", zero_stage })),
    ...(["fsdp", "fsdp2"] as const).flatMap((name) =>
      shardings.map((sharding) => under({ name, sharding }))
    ),
    ...[true, false].flatMap((distributed_optimizer) =>
      meshes.filter(({ tp, pp }) => distributed_optimizer || tp * pp < gpus)
        .map((mesh) => ({
          ...under({ name: "megatron", distributed_optimizer }),
          parallel: mesh,
        }))
    ),
  ];
}
