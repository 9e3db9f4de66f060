import { contextBytes } from "../hardware/cuda_context.ts";
import type { Scenario } from "../scenario/schema.ts";
import { GIB } from "../units/mod.ts";
import type { ServingGpu } from "./engine.ts";

/**
 * What a process holds on a GPU outside of its engine's own buffers: the CUDA
 * context, loaded kernels, and whatever else the scenario names.
 */
export function contextOf(
  { overheads }: Pick<Scenario, "overheads">,
  { gpu }: ServingGpu,
): number {
  const context = overheads.cuda_context_gib === null
    ? contextBytes(gpu)
    : Math.round(overheads.cuda_context_gib * GIB);
  return context + Math.round(overheads.other_gib * GIB);
}
