import { contextBytes } from "../../hardware/cuda_context.ts";
import { gpuOf, usableBytes } from "../../hardware/gpus.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { GIB } from "../../units/mod.ts";

/** What of a GPU PyTorch's allocator may have, and what stands beside it. */
export interface Room {
  /** Bytes that the allocator can have; fewer than 0 where others fill it. */
  readonly capacity: number;
  /** Bytes of the CUDA context and of whatever else the scenario names. */
  readonly beside: number;
}

/** The room on the scenario's GPU. */
export function roomOf({ hardware, overheads }: Scenario): Room {
  const context = overheads.cuda_context_gib === null
    ? contextBytes(gpuOf(hardware.gpu))
    : Math.round(overheads.cuda_context_gib * GIB);
  const beside = context + Math.round(overheads.other_gib * GIB);
  return { capacity: usableBytes(hardware.gpu) - beside, beside };
}
