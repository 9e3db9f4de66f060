const MIB = 1024 ** 2;
/** Requests up to this size come from the pool of small blocks. */
const SMALL = MIB;
/** What the small pool asks of the driver at once... */
const SMALL_SEGMENT = 2 * MIB;
/** ...and the large pool for requests below the next figure. */
const LARGE_SEGMENT = 20 * MIB;
const OWN_SEGMENT = 10 * MIB;
const ROUNDING = 2 * MIB;

interface Block {
  bytes: number;
  before: Block | null;
  after: Block | null;
  free: boolean;
  readonly small: boolean;
}

/**
 * PyTorch's caching allocator on one stream: it rounds requests, cuts blocks from
 * segments, joins freed neighbours, and gives nothing back to the driver.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp, round_size,
 * get_allocation_size, should_split, get_free_block
 */
export class CachingAllocator {
  #reserved = 0;
  #peak = 0;
  #allocated = 0;
  #allocatedPeak = 0;
  readonly #capacity: number;
  readonly #free = { small: [] as Block[], large: [] as Block[] };

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
    const pool = small ? this.#free.small : this.#free.large;
    const at = firstOfSize(pool, bytes);
    const block = at < pool.length
      ? pool.splice(at, 1)[0] as Block
      : this.#segment(bytes, small);
    block.free = false;
    const rest = block.bytes - bytes;
    if (small ? rest >= 512 : rest > SMALL) this.#cut(block, bytes);
    this.#allocated += block.bytes;
    this.#allocatedPeak = Math.max(this.#allocatedPeak, this.#allocated);
    return block;
  }

  /** Gives a block back to its pool. */
  release(block: Block): void {
    this.#allocated -= block.bytes;
    let whole = block;
    const { before, after } = block;
    if (before?.free) {
      this.#take(before);
      before.bytes += block.bytes;
      before.after = after;
      if (after) after.before = before;
      whole = before;
    }
    const next = whole.after;
    if (next?.free) {
      this.#take(next);
      whole.bytes += next.bytes;
      whole.after = next.after;
      if (next.after) next.after.before = whole;
    }
    this.#put(whole);
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
    return { bytes: size, before: null, after: null, free: false, small };
  }

  #releaseCached(): void {
    for (const kind of ["small", "large"] as const) {
      this.#free[kind] = this.#free[kind].filter((block) => {
        const whole = block.before === null && block.after === null;
        if (whole) this.#reserved -= block.bytes;
        return !whole;
      });
    }
  }

  #cut(block: Block, bytes: number): void {
    const rest: Block = {
      bytes: block.bytes - bytes,
      before: block,
      after: block.after,
      free: true,
      small: block.small,
    };
    if (block.after) block.after.before = rest;
    block.after = rest;
    block.bytes = bytes;
    this.#put(rest);
  }

  #put(block: Block): void {
    block.free = true;
    const pool = block.small ? this.#free.small : this.#free.large;
    pool.splice(firstOfSize(pool, block.bytes), 0, block);
  }

  #take(block: Block): void {
    const pool = block.small ? this.#free.small : this.#free.large;
    let at = firstOfSize(pool, block.bytes);
    while (pool[at] !== block) at++;
    pool.splice(at, 1);
  }
}

export type { Block as AllocatedBlock };

/** The place of the first block that is large enough; blocks lie by size. */
function firstOfSize(pool: readonly Block[], bytes: number): number {
  let low = 0;
  let high = pool.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pool[middle]?.bytes ?? 0) < bytes) low = middle + 1;
    else high = middle;
  }
  return low;
}
