import type { Part } from "../../answer/estimate.ts";
import { contextBytes } from "../../hardware/cuda_context.ts";
import { gpuOf, usableBytes } from "../../hardware/gpus.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { GIB } from "../../units/mod.ts";
import { communicationOf } from "./communication.ts";

/** What of a GPU PyTorch's allocator may have, and what stands beside it. */
export interface Room {
  /** Bytes that the allocator can have; fewer than 0 where others fill it. */
  readonly capacity: number;
  /**
   * Bytes of the CUDA context, of what the GPUs' talk takes, and of whatever else
   * the scenario names.
   */
  readonly beside: number;
  /** Of them, what the GPUs' talk takes; null where it takes nothing. */
  readonly communication: Part | null;
}

/** The room on the scenario's GPU. */
export function roomOf(scenario: Scenario): Room {
  const { hardware, overheads } = scenario;
  const context = overheads.cuda_context_gib === null
    ? contextBytes(gpuOf(hardware.gpu))
    : Math.round(overheads.cuda_context_gib * GIB);
  const communication = communicationOf(scenario);
  const beside = context + (communication?.bytes ?? 0) +
    Math.round(overheads.other_gib * GIB);
  return {
    capacity: usableBytes(hardware.gpu) - beside,
    beside,
    communication,
  };
}
