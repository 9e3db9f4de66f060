import type { Block } from "./free_blocks.ts";
import { blockOf, FreeBlocks } from "./free_blocks.ts";

const MIB = 1024 ** 2;
/** Requests up to this size come from the pool of small blocks. */
const SMALL = MIB;
/** What the small pool asks of the driver at once... */
const SMALL_SEGMENT = 2 * MIB;
/** ...and the large pool for requests below the next figure. */
const LARGE_SEGMENT = 20 * MIB;
const OWN_SEGMENT = 10 * MIB;
const ROUNDING = 2 * MIB;

/**
 * PyTorch's caching allocator on one stream: it rounds requests, cuts blocks from
 * segments, joins freed neighbours, and gives nothing back to the driver.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp, round_size,
 * get_allocation_size, should_split, get_free_block, BlockComparatorSize
 */
export class CachingAllocator {
  #reserved = 0;
  #peak = 0;
  #allocated = 0;
  #allocatedPeak = 0;
  /** Where the driver's next segment begins. */
  #end = 0;
  readonly #capacity: number;
  readonly #small = new FreeBlocks();
  readonly #large = new FreeBlocks();

  /**
   * @param capacity Bytes that the driver has; when they run out, whole segments
   *   that nobody uses go back to it first.
   */
  constructor(capacity = Infinity) {
    this.#capacity = capacity;
  }

  /** The most bytes that were taken from the driver at once. */
  get peak(): number {
    return this.#peak;
  }

  /** Bytes of the blocks that are in use. */
  get allocated(): number {
    return this.#allocated;
  }

  /** The most bytes of blocks that were in use at once. */
  get allocatedPeak(): number {
    return this.#allocatedPeak;
  }

  /** Whether more was asked for than the driver has. */
  get overflowed(): boolean {
    return this.#peak > this.#capacity;
  }

  /** Takes memory of so many bytes, which are rounded to 512 already. */
  allocate(bytes: number): Block {
    const small = bytes <= SMALL;
    const pool = small ? this.#small : this.#large;
    const block = pool.takeFor(bytes) ?? this.#segment(bytes, small);
    const rest = block.bytes - bytes;
    if (small ? rest >= 512 : rest > SMALL) pool.put(cut(block, bytes));
    this.#allocated += block.bytes;
    this.#allocatedPeak = Math.max(this.#allocatedPeak, this.#allocated);
    return block;
  }

  /** Gives a block back to its pool. */
  release(block: Block): void {
    this.#allocated -= block.bytes;
    const pool = block.small ? this.#small : this.#large;
    const { before, after } = block;
    let whole = block;
    if (before?.free) {
      pool.take(before);
      join(before, block);
      whole = before;
    }
    if (after?.free) {
      pool.take(after);
      join(whole, after);
    }
    pool.put(whole);
  }

  #segment(bytes: number, small: boolean): Block {
    const size = small
      ? SMALL_SEGMENT
      : bytes < OWN_SEGMENT
      ? LARGE_SEGMENT
      : Math.ceil(bytes / ROUNDING) * ROUNDING;
    if (this.#reserved + size > this.#capacity) this.#releaseCached();
    this.#reserved += size;
    this.#peak = Math.max(this.#peak, this.#reserved);
    const block = blockOf(size, small, this.#end);
    this.#end += size;
    return block;
  }

  /** Gives back the segments that lie in one free block. */
  #releaseCached(): void {
    this.#reserved -= this.#small.takeSegments() + this.#large.takeSegments();
  }
}

/** Shortens a block; gives what is left of it. */
function cut(block: Block, bytes: number): Block {
  const rest = blockOf(
    block.bytes - bytes,
    block.small,
    block.address + bytes,
  );
  rest.before = block;
  rest.after = block.after;
  if (block.after) block.after.before = rest;
  block.after = rest;
  block.bytes = bytes;
  return rest;
}

/** Makes a block longer by the one after it. */
function join(block: Block, after: Block): void {
  block.bytes += after.bytes;
  block.after = after.after;
  if (after.after) after.after.before = block;
}

export type { Block as AllocatedBlock };
