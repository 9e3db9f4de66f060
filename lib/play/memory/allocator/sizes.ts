/**
 * Sizes by which PyTorch's caching allocator works, in units of the 512 bytes
 * that it rounds every request to.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp, round_size,
 * get_allocation_size, should_split
 *
 * @module
 */

/** Bytes of a unit. */
export const UNIT = 512;

const MIB = 1024 ** 2 / UNIT;

/** What sets the two pools apart; both work alike otherwise. */
export interface PoolSizes {
  /** Whether a request is this pool's. */
  takes(units: number): boolean;
  /** What the pool asks of the driver where nothing cached is large enough. */
  segment(units: number): number;
  /** A block is cut where at least so many units would be left. */
  readonly leastRest: number;
  /** All sizes that a block can have, by themselves, where they are few. */
  readonly all: readonly number[] | null;
  /** Units by which the pool's only segment grows; null where it has many. */
  readonly page: number | null;
  /**
   * Units of a request from which on blocks are not cut, nor given to smaller ones;
   * Infinity where all are.
   */
  readonly maxSplit: number;
  /**
   * Whether layers that are alike do the same in it again and again. What is left
   * of a small segment is of another size after each.
   */
  readonly repeats: boolean;
}

/** Requests up to this size come from the pool of small blocks. */
const SMALL = MIB;
/** What the small pool asks of the driver. */
const SMALL_SEGMENT = 2 * MIB;
/** Requests from this size on get a segment of their own... */
const OWN_SEGMENT = 10 * MIB;
/** ...of a multiple of this; others of the large pool share a larger one. */
const ROUNDING = 2 * MIB;

/** Requests up to 1 MiB. */
export const SMALL_POOL: PoolSizes = {
  takes: (units) => units <= SMALL,
  segment: () => SMALL_SEGMENT,
  leastRest: 1,
  all: Array.from({ length: SMALL_SEGMENT + 1 }, (_, units) => units),
  page: null,
  maxSplit: Infinity,
  repeats: false,
};

/** All others. */
export const LARGE_POOL: PoolSizes = {
  takes: (units) => units > SMALL,
  segment: (units) =>
    units < OWN_SEGMENT ? 20 * MIB : Math.ceil(units / ROUNDING) * ROUNDING,
  leastRest: SMALL + 1,
  all: null,
  page: null,
  maxSplit: Infinity,
  repeats: true,
};

/**
 * How much larger than asked for a block may be that is not cut.
 *
 * Source: pytorch c10/core/AllocatorConfig.h, max_non_split_rounding_size
 */
const UNCUT_EXCESS = 20 * MIB;

/** The pool where `max_split_size_mb` is set. */
export function uncutFrom(mib: number): PoolSizes {
  return { ...LARGE_POOL, maxSplit: mib * MIB, repeats: false };
}

/**
 * The pools where segments grow.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp, ExpandableSegment,
 * try_allocate_expandable_block, should_split
 */
export const GROWING: { readonly large: PoolSizes; readonly small: PoolSizes } =
  {
    large: { ...LARGE_POOL, leastRest: 1, page: 20 * MIB, repeats: false },
    small: { ...SMALL_POOL, all: null, page: SMALL_SEGMENT },
  };

/**
 * Whether a block goes to a request where large ones are not cut: none to a smaller
 * request, nor to one that leaves much of it.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp, get_free_block
 */
export function suits(
  { maxSplit }: PoolSizes,
  size: number | undefined,
  asked: number,
): boolean {
  return size !== undefined &&
    size < (asked < maxSplit ? maxSplit : asked + UNCUT_EXCESS);
}
