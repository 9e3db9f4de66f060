import type { AddressList } from "./address_list.ts";

/** Marks that no bin, block or place is meant. */
export const NONE = -1;

/**
 * The free blocks of a pool, a bin for each size. A request gets the smallest
 * block that is large enough, among blocks of one size the one at the lowest
 * address. Bins are known by their number.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp, BlockComparatorSize
 */
export interface FreeBlocks {
  /** The size of each bin's blocks, in units. */
  readonly sizes: ArrayLike<number>;
  /** Each bin's blocks. */
  readonly lists: readonly Pick<AddressList, "length" | "at">[];
  /** The first bin that holds a block of so many units or more. */
  firstFrom(units: number): number;
  /** Whether empty bins keep their numbers, which serve other sizes otherwise. */
  isHeld: boolean;
  /** Takes a bin's block at the lowest address. */
  pop(bin: number): number;
  /**
   * Puts a block into the bin of its size.
   *
   * @param likely A bin that may be that, or {@linkcode NONE}.
   * @returns The bin.
   */
  put(
    units: number,
    block: number,
    addresses: Float64Array,
    likely: number,
  ): number;
  /** Takes one of a bin's blocks out. */
  remove(bin: number, block: number, addresses: Float64Array): void;
}
