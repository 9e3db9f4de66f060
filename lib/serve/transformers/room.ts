import { cublasWorkspaceBytes } from "../../hardware/cublas_workspace.ts";
import { FILLABLE } from "../../play/readers/allocator/peaks.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { contextOf } from "../context.ts";
import type { ServedFit, ServingGpu } from "../engine.ts";

/** What a GPU's tensors take, workspaces of libraries left out; in bytes. */
export interface Demand {
  /** The most that tensors reach. */
  readonly peak: number;
  /** What PyTorch's allocator takes where there is no limit. */
  readonly reserved: number;
}

/** Bytes of a GPU that PyTorch's allocator can have. */
export function capacityOf(
  scenario: Pick<Scenario, "overheads">,
  gpu: ServingGpu,
): number {
  return gpu.usable - contextOf(scenario, gpu);
}

/** Bytes that tensors can fill of it, workspaces of libraries left out. */
export function fillableOf(
  scenario: Pick<Scenario, "overheads">,
  gpu: ServingGpu,
): number {
  return FILLABLE * capacityOf(scenario, gpu) - cublasWorkspaceBytes(gpu.gpu);
}

/**
 * Whether a GPU holds a demand: what the allocator caches goes back to the driver
 * where nothing else is left.
 */
export function fitOn(
  scenario: Pick<Scenario, "overheads">,
  { peak, reserved }: Demand,
  gpu: ServingGpu,
): ServedFit {
  const capacity = capacityOf(scenario, gpu);
  const workspace = cublasWorkspaceBytes(gpu.gpu);
  const liked = reserved + workspace;
  if (liked <= capacity) return { fits: true, headroom: capacity - liked };
  const least = Math.min(liked, Math.ceil((peak + workspace) / FILLABLE));
  return { fits: least <= capacity, headroom: capacity - least };
}

/** The tightest of several GPUs that each hold a share. */
export function tightest(fits: readonly ServedFit[]): ServedFit {
  return fits.reduce((worst, each) =>
    each.headroom < worst.headroom ? each : worst
  );
}
