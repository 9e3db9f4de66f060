/** A piece of a segment, in use or free. */
export interface Block {
  bytes: number;
  /** Its neighbours in the segment. */
  before: Block | null;
  after: Block | null;
  free: boolean;
  readonly small: boolean;
  /** While it is free: the blocks of its size that became free around it. */
  newer: Block | null;
  older: Block | null;
  /** ...and its place among whole segments; -1 for any other. */
  place: number;
}

/** A block in use that has no neighbours. */
export function blockOf(bytes: number, small: boolean): Block {
  return {
    bytes,
    before: null,
    after: null,
    free: false,
    small,
    newer: null,
    older: null,
    place: -1,
  };
}

/**
 * The free blocks of a pool. A request gets the smallest that is large enough;
 * among blocks of one size, the one that became free last.
 */
export class FreeBlocks {
  /** The newest block of each size, by size. */
  readonly #newest: Block[] = [];
  /** Those that are a whole segment, in any order. */
  readonly #segments: Block[] = [];

  /** Takes out the block for a request; null where all are too small. */
  takeFor(bytes: number): Block | null {
    const at = this.#placeOf(bytes);
    const block = this.#newest[at];
    if (block === undefined) return null;
    this.#takeNewest(at, block);
    return block;
  }

  /** Puts a block in, as the newest of its size. */
  put(block: Block): void {
    block.free = true;
    if (block.before === null && block.after === null) {
      block.place = this.#segments.push(block) - 1;
    }
    const at = this.#placeOf(block.bytes);
    const newest = this.#newest[at];
    if (newest?.bytes !== block.bytes) {
      insert(this.#newest, at, block);
      return;
    }
    block.older = newest;
    newest.newer = block;
    this.#newest[at] = block;
  }

  /** Takes out one of the blocks. */
  take(block: Block): void {
    const { newer, older } = block;
    if (newer === null) {
      this.#takeNewest(this.#placeOf(block.bytes), block);
      return;
    }
    if (block.place >= 0) this.#forget(block);
    newer.older = older;
    if (older) older.newer = newer;
    block.newer = null;
    block.older = null;
    block.free = false;
  }

  /** Takes out the blocks that are a whole segment each; gives their bytes. */
  takeSegments(): number {
    let total = 0;
    for (let block = this.#segments.at(-1); block;) {
      total += block.bytes;
      this.take(block);
      block = this.#segments.at(-1);
    }
    return total;
  }

  #takeNewest(at: number, block: Block): void {
    if (block.place >= 0) this.#forget(block);
    const { older } = block;
    if (older) {
      older.newer = null;
      this.#newest[at] = older;
    } else {
      remove(this.#newest, at);
    }
    block.older = null;
    block.free = false;
  }

  /** Takes a block out of the whole segments. */
  #forget(block: Block): void {
    const last = this.#segments.pop() as Block;
    if (last !== block) this.#segments[block.place] = last;
    last.place = block.place;
    block.place = -1;
  }

  /** The place of the first size that is large enough. */
  #placeOf(bytes: number): number {
    let low = 0;
    let high = this.#newest.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#newest[middle] as Block).bytes < bytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** As splice(), which is slow for the few sizes that there are at a time. */
function insert(list: Block[], at: number, block: Block): void {
  list.push(block);
  for (let to = list.length - 1; to > at; to--) {
    list[to] = list[to - 1] as Block;
  }
  list[at] = block;
}

function remove(list: Block[], at: number): void {
  for (let to = at + 1; to < list.length; to++) {
    list[to - 1] = list[to] as Block;
  }
  list.pop();
}
