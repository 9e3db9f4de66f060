import type { Step } from "../../engines/step.ts";
import { playStep } from "../../engines/step.ts";
import { gpuOf } from "../../hardware/gpus.ts";
import type { Model } from "../../models/model.ts";
import { meshOf } from "../../parallel/mesh.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { DevicePeak, surelyHolds } from "../largest/device_peak.ts";
import type {
  GpuLayout,
  GpuLayouts,
  LayoutProgress,
  LayoutsAsked,
  PlayedLayout,
  TryingLayouts,
} from "./layout.ts";
import {
  inOrder,
  pieceOf,
  refusedLayout,
  setOf,
  smallestGpu,
} from "./layout.ts";
import { meshesOf, replicasOf, unevenMeshes } from "./meshes.ts";
import { tryServing } from "./serving.ts";

/** Layouts that are tried at most, of one question. */
const MOST_LAYOUTS = 400;

/** Acts that are followed, and events that the allocator plays, at most, over all layouts. */
const MOST_WORK = 10_000_000;

/**
 * Lists the ways to train or serve a scenario's model on a number of GPUs. When
 * training: engines and what they shard, tensor, pipeline, context and expert
 * parallelism; all else is as the scenario has it, also the micro-batch of a GPU. A
 * step of each is played, on the allocator too. When serving: replicas, tensor, pipeline and expert parallelism of its engine.
 *
 * @param scenario As {@linkcode parseScenario} returned it.
 * @param gpus How many there are.
 */
export function strategies(
  scenario: Scenario,
  model: Model,
  gpus: number,
  asked: LayoutsAsked = {},
): GpuLayouts {
  const trying = tryAny(scenario, model, gpus, asked);
  let tried = trying.next();
  while (!tried.done) tried = trying.next();
  return tried.value;
}

/**
 * As {@linkcode strategies}, letting others have their turn between two layouts,
 * for a server that has more to do.
 *
 * @param breathe Settles when it is this question's turn again; it is told how far
 *   the answer is.
 */
export async function strategiesInTurns(
  scenario: Scenario,
  model: Model,
  gpus: number,
  breathe: (progress: LayoutProgress) => Promise<void>,
  asked: LayoutsAsked = {},
): Promise<GpuLayouts> {
  const trying = tryAny(scenario, model, gpus, asked);
  let tried = trying.next();
  while (!tried.done) {
    await breathe(tried.value);
    tried = trying.next();
  }
  return tried.value;
}

function tryAny(
  scenario: Scenario,
  model: Model,
  gpus: number,
  asked: LayoutsAsked,
): TryingLayouts {
  return scenario.task === "serve"
    ? tryServing(scenario, model, gpus, asked)
    : tryLayouts(scenario, model, gpus, asked);
}

function* tryLayouts(
  scenario: Scenario,
  model: Model,
  gpus: number,
  { from = 0, mostWork = MOST_WORK }: LayoutsAsked,
): TryingLayouts {
  const played: PlayedLayout[] = [];
  const refused = new Map<string, GpuLayout>();
  const own = gpuOf(scenario.hardware.gpu);
  const layouts = layoutsOf(scenario, model, gpus).filter((
    { parallel, engine },
  ) => meshOf(parallel, model.architecture, engine.name).ok);
  const end = Math.min(layouts.length, from + MOST_LAYOUTS);
  let at = from;
  for (let work = 0; at < end && work < mostWork; at++) {
    yield { tried: at, of: layouts.length };
    const laidOut = layouts[at];
    if (!laidOut) break;
    const step = playStep(laidOut, model);
    if ("reason" in step) {
      const { reason } = step;
      const key = `${laidOut.engine.name} ${reason}`;
      if (refused.has(key)) continue;
      refused.set(key, refusedLayout(scenario, laidOut, reason));
      continue;
    }
    work += workOf(step);
    const peak = new DevicePeak(laidOut, step, () => step);
    const { fits, least } = peak;
    played.push({
      set: setOf(scenario, laidOut),
      peak_bytes: peak.bytes,
      fits,
      smallest_gpu: smallestGpu(
        least,
        (gpu) =>
          gpu === own ? fits : surelyHolds(
            { ...laidOut, hardware: { ...laidOut.hardware, gpu: gpu.name } },
            step,
          ),
      ),
      reason: null,
    });
  }
  if (gpus > 1 && from === 0) {
    for (const [key, layout] of uneven(scenario, model, gpus)) {
      refused.set(key, layout);
    }
  }
  return pieceOf(inOrder(played, refused.values()), at, layouts.length);
}

/** Meshes that the model cannot be split over, with why. */
function* uneven(
  scenario: Scenario,
  model: Model,
  gpus: number,
): Generator<[key: string, layout: GpuLayout]> {
  const { architecture } = model;
  for (const parallel of unevenMeshes({ scenario, architecture, gpus })) {
    const engine = { ...scenario.engine, name: "megatron" as const };
    const laidOut: Scenario = { ...scenario, parallel, engine };
    const mesh = meshOf(parallel, architecture, engine.name);
    if (mesh.ok) continue;
    const reason = mesh.problems.map(({ message }) => message).join("; ");
    yield [reason, refusedLayout(scenario, laidOut, reason)];
  }
}

/** About how long it takes to play a step. */
function workOf({ program: { load, step, events } }: Step): number {
  return load.length + step.length + events;
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
