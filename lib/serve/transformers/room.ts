import { cublasWorkspaceBytes } from "../../hardware/cublas_workspace.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { FILLABLE } from "../../play/readers/allocator/peaks.ts";
import { contextOf } from "../context.ts";
import type { ServedFit, ServingGpu } from "../engine.ts";

/** What a generation takes of PyTorch's allocator, workspaces left out. */
export interface Demand {
  /** The most that its tensors reach. */
  readonly peak: number;
  /** What the allocator takes where there is no limit. */
  readonly reserved: number;
}

/** The demand on a GPU, with the workspace that libraries keep on it. */
export function demandOn({ peak, reserved }: Demand, gpu: ServingGpu): Demand {
  const workspace = cublasWorkspaceBytes(gpu.gpu);
  return { peak: peak + workspace, reserved: reserved + workspace };
}

/** Bytes of a GPU that PyTorch's allocator can have. */
export function capacityOf(
  scenario: Pick<Scenario, "overheads">,
  gpu: ServingGpu,
): number {
  return gpu.usable - contextOf(scenario, gpu);
}

/**
 * Whether a GPU holds a demand: what the allocator caches goes back to the driver
 * where nothing else is left.
 */
export function fitOn(
  scenario: Pick<Scenario, "overheads">,
  demand: Demand,
  gpu: ServingGpu,
): ServedFit {
  const capacity = capacityOf(scenario, gpu);
  const { peak, reserved } = demandOn(demand, gpu);
  if (reserved <= capacity) {
    return { fits: true, headroom: capacity - reserved };
  }
  const least = Math.min(reserved, Math.ceil(peak / FILLABLE));
  return { fits: least <= capacity, headroom: capacity - least };
}
