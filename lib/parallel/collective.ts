import type { CollectiveName } from "../answer/traffic.ts";

/**
 * Bytes that each rank sends, and receives, for each byte of a collective's
 * array. A ring reduces in n - 1 steps of a n-th each and spreads the result in
 * as many: the least that any algorithm over sends and receives needs.
 *
 * Source: NVIDIA/nccl-tests, doc/PERFORMANCE.md, "Bus bandwidth", Summary.
 *
 * @param ranks Ranks of the group, n.
 */
export function busFactor(collective: CollectiveName, ranks: number): number {
  if (ranks <= 1) return 0;
  switch (collective) {
    case "all-reduce":
      return 2 * (ranks - 1) / ranks;
    case "reduce-scatter":
    case "all-gather":
    case "all-to-all":
      return (ranks - 1) / ranks;
    case "send and receive":
      return 1;
  }
}
