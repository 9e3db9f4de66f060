import { GIB } from "../../units/mod.ts";

/** The GPUs that the program divides its total by, in its own GB of 2^30. */
const GPUS: readonly (readonly [name: string, gib: number])[] = [
  ["A100 80GB", 80],
  ["H100 80GB", 80],
  ["A100 40GB", 40],
];

/** How many of a GPU the program says are needed. */
export interface GpusNeeded {
  gpu: string;
  /** Total over memory: 0.4 of one. Nothing is said of how it would be split. */
  count: number;
}

/**
 * GPUs needed, by the program's rule: the total over the memory on the label.
 *
 * @param bytes The total.
 */
export function gpusNeeded(bytes: number): GpusNeeded[] {
  return GPUS.map(([gpu, gib]) => ({ gpu, count: bytes / (gib * GIB) }));
}
