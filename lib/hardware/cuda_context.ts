import { GIB } from "../units/mod.ts";
import type { Gpu } from "./gpus.ts";

/** RTX cards, A10, A40, L4, L40, and whatever else no row of the catalogue tells. */
const USUAL_GIB = 0.4;

/**
 * The bytes that a process that trains holds on a GPU outside of PyTorch's
 * allocator: the CUDA context, loaded kernels and the local memory of their
 * threads.
 *
 * A100's is fitted: the median of nvidia-smi less the replayed allocator over
 * FMS's one-GPU runs of high confidence, so it covers what the replay lacks too.
 * T4's and V100's are what PyTorch's messages of runs out of memory have in use less
 * what they say is allocated and reserved: 0.11 to 0.2 GiB in nine of T4, 0.46 to
 * 0.63 of V100. The others' are assumed, and drivers and libraries move them by a
 * third.
 *
 * @param gpu Null for a memory of the user's own.
 */
export function contextBytes(gpu: Gpu | null): number {
  return Math.round((gpu?.context_gib ?? USUAL_GIB) * GIB);
}
