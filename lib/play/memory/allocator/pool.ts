import { grown } from "./grown.ts";
import { Bins } from "./bins.ts";
import { DenseBins } from "./dense_bins.ts";
import type { FreeBlocks } from "./free_blocks.ts";
import { NONE } from "./free_blocks.ts";
import type { PoolSizes } from "./sizes.ts";
import { suits } from "./sizes.ts";

/** Blocks that there is room for at first. */
const FIRST_ROOM = 512;

/**
 * One of the two pools of PyTorch's caching allocator, on one stream: it cuts
 * blocks from segments, joins freed neighbours, and gives nothing back to the
 * driver. The pools share nothing, so that each can be played by itself.
 *
 * A block is a number; what is known of it stands in arrays by that number, as
 * millions of blocks come and go. Sizes and addresses are in units of 512 bytes.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp, malloc, free_block
 */
export class Pool {
  readonly bins: FreeBlocks;
  /**
   * Units of each block; 0 of a number that is no block now. A tensor of a
   * terabyte has more of them than 32 bits hold.
   */
  size = new Float64Array(FIRST_ROOM);
  /** Segments follow one another as the driver gives them. */
  address = new Float64Array(FIRST_ROOM);
  /** The blocks beside each in its segment. */
  before = new Int32Array(FIRST_ROOM);
  after = new Int32Array(FIRST_ROOM);
  /** Whether each is free. */
  free = new Uint8Array(FIRST_ROOM);
  /** The bin that each free block is in; of others, the last they were in. */
  home = new Int32Array(FIRST_ROOM);
  /** Units that the pool has of the driver now... */
  reserved = 0;
  /** ...and had at most. */
  peak = 0;
  /** Where the driver's next segment begins. */
  end = 0;
  readonly sizes: PoolSizes;
  /** The size of each class of requests, in units. */
  readonly requests: number[] = [];
  readonly #requestOfSize = new Map<number, number>();
  readonly #capacity: number;
  readonly #leastRest: number;
  readonly #unused: number[] = [];
  /** The last block of a segment that grows. */
  #tail = NONE;
  /** Free blocks that are whole segments, where the capacity is limited. */
  readonly #whole = new Set<number>();
  #marks = new Int32Array(FIRST_ROOM);
  #marked = 1;
  #blocks = 0;

  /**
   * @param capacity Units that the pool can have; when they run out, whole
   *   segments that nobody uses go back to the driver first.
   */
  constructor(sizes: PoolSizes, capacity = Infinity) {
    this.sizes = sizes;
    this.#capacity = capacity;
    this.bins = sizes.all ? new DenseBins(sizes.all) : new Bins();
    this.#leastRest = sizes.leastRest;
  }

  /** The class of requests of a size: events name it instead of the size. */
  requestOf(units: number): number {
    const known = this.#requestOfSize.get(units);
    if (known !== undefined) return known;
    const request = this.requests.push(units) - 1;
    this.#requestOfSize.set(units, request);
    return request;
  }

  /** A block for a request of a class, which may be longer than asked for. */
  take(request: number): number {
    const { bins, sizes } = this;
    const { maxSplit } = sizes;
    const asked = this.requests[request] as number;
    const found = bins.firstFrom(asked);
    const isFit = maxSplit === Infinity ||
      suits(sizes, bins.sizes[found], asked);
    const bin = isFit ? found : NONE;
    const block = bin === NONE ? this.segment(asked) : bins.pop(bin);
    if (this.#whole.size > 0) this.#whole.delete(block);
    this.free[block] = 0;
    const rest = (this.size[block] as number) - asked;
    if (rest >= this.#leastRest && asked < maxSplit) {
      this.#cut(block, asked, rest);
    }
    return block;
  }

  /**
   * Blocks for so many requests of one size.
   *
   * @param into Gets the blocks; without it nobody ever gives one back.
   * @returns Their units.
   */
  takeAll(asked: number, times: number, into: number[] | null): number {
    const request = this.requestOf(asked);
    const size = this.sizes.segment(asked);
    const isWhole = size - asked < this.#leastRest &&
      this.#capacity === Infinity && this.sizes.page === null;
    let units = 0;
    for (let left = times; left > 0; left--) {
      if (isWhole && into === null && this.bins.firstFrom(asked) === NONE) {
        this.grow(left * size);
        return units + left * size;
      }
      const block = this.take(request);
      units += this.size[block] as number;
      into?.push(block);
    }
    return units;
  }

  /**
   * Gives a block back; it is joined with free neighbours.
   *
   * @returns How it was joined: 1 with the block before, 2 with the one after.
   */
  release(block: number): number {
    const before = this.before[block] as number;
    const after = this.after[block] as number;
    let whole = block;
    let joined = 0;
    if (before !== NONE && this.free[before] === 1) {
      joined = 1;
      this.#withdraw(before);
      this.#join(before, block);
      whole = before;
    }
    if (after !== NONE && this.free[after] === 1) {
      joined += 2;
      this.#withdraw(after);
      this.#join(whole, after);
    }
    this.put(whole);
    return joined;
  }

  /** A segment from the driver, as one block in use. */
  segment(asked: number): number {
    if (this.sizes.page !== null) return this.#extend(asked, this.sizes.page);
    const size = this.sizes.segment(asked);
    if (this.reserved + size > this.#capacity) this.#releaseCached();
    const block = this.make(size, this.end);
    this.grow(size);
    return block;
  }

  /** Makes the end of the segment long enough, by whole pages. */
  #extend(asked: number, page: number): number {
    const last = this.#tail;
    const isFree = last !== NONE && this.free[last] === 1;
    const room = isFree ? this.size[last] as number : 0;
    const more = Math.ceil((asked - room) / page) * page;
    let block = last;
    if (isFree) {
      this.#withdraw(last);
      this.free[last] = 0;
      this.size[last] = room + more;
    } else {
      block = this.make(more, this.end);
      this.link(last, block);
    }
    this.grow(more);
    this.#tail = block;
    return block;
  }

  /** Takes so many units of the driver. */
  grow(units: number): void {
    this.reserved += units;
    this.end += units;
    this.peak = Math.max(this.peak, this.reserved);
  }

  /** Gives back the segments that lie in one free block. */
  #releaseCached(): void {
    for (const block of this.#whole) {
      this.reserved -= this.size[block] as number;
      this.forget(block);
    }
  }

  /** A block in use without neighbours. */
  make(size: number, address: number): number {
    const block = this.#unused.pop() ?? this.#more();
    this.size[block] = size;
    this.address[block] = address;
    this.before[block] = NONE;
    this.after[block] = NONE;
    this.free[block] = 0;
    this.home[block] = NONE;
    return block;
  }

  /** Makes a block free that has no free neighbours. */
  put(block: number): void {
    this.free[block] = 1;
    this.home[block] = this.bins.put(
      this.size[block] as number,
      block,
      this.address,
      this.home[block] as number,
    );
    const isWhole = this.before[block] === NONE && this.after[block] === NONE;
    if (isWhole && this.#capacity !== Infinity) this.#whole.add(block);
  }

  /** Forgets a block, free or not; its neighbours are left as they are. */
  forget(block: number): void {
    if (this.free[block] === 1) this.#withdraw(block);
    this.drop(block);
  }

  /** Makes one block follow another in their segment. */
  link(before: number, after: number): void {
    if (before !== NONE) this.after[before] = after;
    if (after !== NONE) this.before[after] = before;
  }

  /** Remembers a block until the next {@linkcode unmark}. */
  mark(block: number): void {
    this.#marks[block] = this.#marked;
  }

  isMarked(block: number): boolean {
    return this.#marks[block] === this.#marked;
  }

  /** Forgets all marks. */
  unmark(): void {
    this.#marked++;
  }

  /** Forgets a block that is in no bin. */
  drop(block: number): void {
    this.size[block] = 0;
    this.#unused.push(block);
  }

  #withdraw(block: number): void {
    if (this.#whole.size > 0) this.#whole.delete(block);
    this.bins.remove(this.home[block] as number, block, this.address);
  }

  /** Shortens a block; what is left of it is free. */
  #cut(block: number, asked: number, left: number): void {
    const rest = this.make(left, (this.address[block] as number) + asked);
    const after = this.after[block] as number;
    this.before[rest] = block;
    this.after[rest] = after;
    if (after !== NONE) this.before[after] = rest;
    this.after[block] = rest;
    this.size[block] = asked;
    if (block === this.#tail) this.#tail = rest;
    this.put(rest);
  }

  /** Makes a block longer by the one after it. */
  #join(block: number, after: number): void {
    const next = this.after[after] as number;
    this.size[block] = (this.size[block] as number) +
      (this.size[after] as number);
    this.after[block] = next;
    if (next !== NONE) this.before[next] = block;
    this.home[block] = NONE;
    if (after === this.#tail) this.#tail = block;
    this.drop(after);
  }

  #more(): number {
    if (this.#blocks === this.size.length) {
      const room = 2 * this.#blocks;
      this.size = grown(this.size, new Float64Array(room));
      this.address = grown(this.address, new Float64Array(room));
      this.before = grown(this.before, new Int32Array(room));
      this.after = grown(this.after, new Int32Array(room));
      this.free = grown(this.free, new Uint8Array(room));
      this.home = grown(this.home, new Int32Array(room));
      this.#marks = grown(this.#marks, new Int32Array(room));
    }
    return this.#blocks++;
  }
}
