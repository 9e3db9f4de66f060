/** Blocks that stand in one chunk at most, which are moved for one that comes. */
const MOST_IN_CHUNK = 32;

/**
 * Blocks of one size by falling address, in chunks, so that it costs little to
 * put one anywhere.
 */
export class AddressList {
  length = 0;
  #last: number[] = [];
  readonly #chunks: number[][] = [this.#last];

  /** The block of a rank by address, from 0 of the lowest; -1 where none is. */
  at(rank: number): number {
    let left = rank;
    for (let at = this.#chunks.length - 1; at >= 0; at--) {
      const chunk = this.#chunks[at] as number[];
      if (left < chunk.length) return chunk[chunk.length - 1 - left] as number;
      left -= chunk.length;
    }
    return -1;
  }

  /** Takes the block at the lowest address. */
  pop(): number {
    this.length--;
    const block = this.#last.pop() as number;
    if (this.#last.length === 0) this.#drop(this.#chunks.length - 1);
    return block;
  }

  insert(block: number, addresses: Float64Array): void {
    const address = addresses[block] as number;
    const last = this.#last;
    const { length } = last;
    this.length++;
    if (
      length < MOST_IN_CHUNK &&
      (length === 0 || (addresses[last[length - 1] as number] ?? 0) > address)
    ) {
      last.push(block);
      return;
    }
    const at = this.#chunkOf(address, addresses);
    const chunk = this.#chunks[at] as number[];
    // Most come near the end, where as many places are gone through as are moved.
    let place = chunk.push(block) - 1;
    for (; place > 0; place--) {
      const before = chunk[place - 1] as number;
      if ((addresses[before] as number) > address) break;
      chunk[place] = before;
    }
    chunk[place] = block;
    if (chunk.length > MOST_IN_CHUNK) this.#split(at);
  }

  /** Takes out a block that is there. */
  remove(block: number, addresses: Float64Array): void {
    const last = this.#last;
    if (last[last.length - 1] === block) {
      this.pop();
      return;
    }
    this.length--;
    const address = addresses[block] as number;
    const at = this.#chunkOf(address, addresses);
    const chunk = this.#chunks[at] as number[];
    const end = chunk.length - 1;
    let place = end;
    while (chunk[place] !== block) place--;
    for (; place < end; place++) chunk[place] = chunk[place + 1] as number;
    chunk.pop();
    if (chunk.length === 0) this.#drop(at);
  }

  /** The last chunk that begins at or above an address; the first where none does. */
  #chunkOf(address: number, addresses: Float64Array): number {
    const chunks = this.#chunks;
    if (chunks.length === 1) return 0;
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const [first = 0] = chunks[middle] as number[];
      if ((addresses[first] as number) >= address) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #split(at: number): void {
    const chunk = this.#chunks[at] as number[];
    this.#chunks.splice(at + 1, 0, chunk.splice(MOST_IN_CHUNK >> 1));
    this.#last = this.#chunks.at(-1) as number[];
  }

  #drop(at: number): void {
    if (this.#chunks.length === 1) return;
    this.#chunks.splice(at, 1);
    this.#last = this.#chunks.at(-1) as number[];
  }
}
