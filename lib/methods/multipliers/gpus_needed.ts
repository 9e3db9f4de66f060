import { findGpu, usableBytes } from "../../hardware/gpus.ts";
import { DEFAULT_SCENARIO } from "../../scenario/default_scenario.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { formatBytes, GIB } from "../../units/mod.ts";

/** The three that the program divides its total by, in its own GB of 2^30. */
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
 * GPUs needed, by the program's rule: the total over the memory on the label. A
 * GPU of one's own comes last, with the memory that a program sees on it.
 *
 * @param bytes The total.
 * @param own The scenario's GPU.
 */
export function gpusNeeded(
  bytes: number,
  own: Scenario["hardware"]["gpu"],
): GpusNeeded[] {
  const usual = GPUS.map(([gpu, gib]) => ({ gpu, count: bytes / (gib * GIB) }));
  if (own === DEFAULT_SCENARIO.hardware.gpu) return usual;
  const usable = usableBytes(own);
  const gpu = typeof own === "string"
    ? findGpu(own)?.name ?? own
    : formatBytes(usable);
  return [...usual, { gpu, count: bytes / usable }];
}
