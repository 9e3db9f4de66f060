import type { ServingGpu } from "../engine.ts";

/** A GPU's compute capability; zeros where it is not NVIDIA's or not known. */
export interface Capability {
  readonly major: number;
  readonly minor: number;
}

/** The compute capability of a GPU. */
export function capabilityOf({ gpu }: ServingGpu): Capability {
  const [major = 0, minor = 0] = (gpu?.compute_capability ?? "")
    .split(".")
    .map(Number);
  return { major: major || 0, minor: minor || 0 };
}

/** GB200 and B200 and their kin, which vLLM calls the family 100. */
export function isDataCentreBlackwell(gpu: ServingGpu): boolean {
  return capabilityOf(gpu).major === 10;
}
