import { NONE } from "./free_blocks.ts";
import type { Pool } from "./pool.ts";

/**
 * Gives the driver back all segments of a pool that nobody uses. A segment that grows
 * is one with what is used, and stays whole.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp, release_cached_blocks
 */
export function emptyPool(pool: Pool): void {
  if (pool.sizes.page !== null) return;
  for (let block = 0; block < pool.size.length; block++) {
    const units = pool.size[block] as number;
    if (
      units === 0 || pool.free[block] !== 1 ||
      pool.before[block] !== NONE || pool.after[block] !== NONE
    ) continue;
    pool.reserved -= units;
    pool.forget(block);
  }
}
