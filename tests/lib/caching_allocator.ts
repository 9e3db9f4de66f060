import { Pool } from "../../lib/play/memory/allocator/pool.ts";
import {
  GROWING,
  LARGE_POOL,
  SMALL_POOL,
  UNIT,
} from "../../lib/play/memory/allocator/sizes.ts";

/** Memory that {@linkcode CachingAllocator} has handed out. */
export interface Allocation {
  readonly pool: Pool;
  readonly block: number;
  readonly bytes: number;
}

/**
 * PyTorch's caching allocator on one stream, as its callers see it: requests of
 * up to 1 MiB go to one pool, others to another.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp
 */
export class CachingAllocator {
  readonly #small: Pool;
  readonly #large: Pool;
  #allocated = 0;

  /** @param grows Whether each pool has one segment, which grows. */
  constructor(grows = false) {
    this.#small = new Pool(grows ? GROWING.small : SMALL_POOL);
    this.#large = new Pool(grows ? GROWING.large : LARGE_POOL);
  }

  /** Bytes that were taken from the driver; none are given back. */
  get reserved(): number {
    return UNIT * (this.#small.reserved + this.#large.reserved);
  }

  /** Bytes of the blocks that are in use. */
  get allocated(): number {
    return this.#allocated;
  }

  /** Takes memory of so many bytes, which are rounded to 512 already. */
  allocate(bytes: number): Allocation {
    const units = bytes / UNIT;
    const pool = SMALL_POOL.takes(units) ? this.#small : this.#large;
    const block = pool.take(pool.requestOf(units));
    const taken = UNIT * (pool.size[block] as number);
    this.#allocated += taken;
    return { pool, block, bytes: taken };
  }

  /** Gives memory back. */
  release({ pool, block, bytes }: Allocation): void {
    this.#allocated -= bytes;
    pool.release(block);
  }
}
