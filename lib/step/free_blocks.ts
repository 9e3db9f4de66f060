/** A piece of a segment, in use or free. */
export interface Block {
  bytes: number;
  /** Where it begins: segments follow one another as the driver gives them. */
  readonly address: number;
  /** Its neighbours in the segment. */
  before: Block | null;
  after: Block | null;
  free: boolean;
  readonly small: boolean;
  /** While it is free: its place in the heap of its size. */
  at: number;
  /** ...and its place among whole segments; -1 for any other. */
  place: number;
}

/** A block in use that has no neighbours. */
export function blockOf(
  bytes: number,
  small: boolean,
  address: number,
): Block {
  return {
    bytes,
    address,
    before: null,
    after: null,
    free: false,
    small,
    at: -1,
    place: -1,
  };
}

/**
 * The free blocks of a pool. A request gets the smallest that is large enough;
 * among blocks of one size, the one at the lowest address.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp, BlockComparatorSize
 */
export class FreeBlocks {
  /** A heap by address for each size, by size. */
  readonly #heaps: Block[][] = [];
  /** Those that are a whole segment, in any order. */
  readonly #segments: Block[] = [];

  /** Takes out the block for a request; null where all are too small. */
  takeFor(bytes: number): Block | null {
    const block = this.#heaps[this.#placeOf(bytes)]?.[0];
    if (block === undefined) return null;
    this.take(block);
    return block;
  }

  /** Puts a block in. */
  put(block: Block): void {
    block.free = true;
    if (block.before === null && block.after === null) {
      block.place = this.#segments.push(block) - 1;
    }
    const at = this.#placeOf(block.bytes);
    const heap = this.#heaps[at];
    if (heap?.[0]?.bytes === block.bytes) rise(heap, heap.length, block);
    else {
      block.at = 0;
      insert(this.#heaps, at, [block]);
    }
  }

  /** Takes out one of the blocks. */
  take(block: Block): void {
    if (block.place >= 0) this.#forget(block);
    const size = this.#placeOf(block.bytes);
    const heap = this.#heaps[size] as Block[];
    const last = heap.pop() as Block;
    if (heap.length === 0) remove(this.#heaps, size);
    else if (last !== block) {
      if (!sink(heap, block.at, last)) rise(heap, block.at, last);
    }
    block.at = -1;
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
    let high = this.#heaps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const [first] = this.#heaps[middle] as [Block];
      if (first.bytes < bytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Places a block at or above a place of a heap. */
function rise(heap: Block[], from: number, block: Block): void {
  let at = from;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above] as Block;
    if (parent.address < block.address) break;
    heap[at] = parent;
    parent.at = at;
    at = above;
  }
  heap[at] = block;
  block.at = at;
}

/** Places a block at or below a place of a heap; tells whether below. */
function sink(heap: Block[], from: number, block: Block): boolean {
  let at = from;
  for (let below = 2 * at + 1; below < heap.length; below = 2 * at + 1) {
    const [left, right] = [heap[below] as Block, heap[below + 1]];
    const isRight = right !== undefined && right.address < left.address;
    const child = isRight ? right : left;
    if (child.address > block.address) break;
    heap[at] = child;
    child.at = at;
    at = isRight ? below + 1 : below;
  }
  heap[at] = block;
  block.at = at;
  return at !== from;
}

/** As splice(), which is slow for the few sizes that there are at a time. */
function insert(list: Block[][], at: number, heap: Block[]): void {
  list.push(heap);
  for (let to = list.length - 1; to > at; to--) {
    list[to] = list[to - 1] as Block[];
  }
  list[at] = heap;
}

function remove(list: Block[][], at: number): void {
  for (let to = at + 1; to < list.length; to++) {
    list[to - 1] = list[to] as Block[];
  }
  list.pop();
}
