import { AddressList } from "./address_list.ts";
import type { FreeBlocks } from "./free_blocks.ts";
import { NONE } from "./free_blocks.ts";

/**
 * Bins for every size up to a bound, whose numbers are the sizes: the blocks of
 * the small pool are cut so often that few sizes come up twice.
 */
export class DenseBins implements FreeBlocks {
  readonly sizes: readonly number[];
  readonly lists: AddressList[];
  isHeld = true;
  /** A bit for each bin that holds a block... */
  readonly #filled: Int32Array;
  /** ...and for each of those words that has a bit. */
  readonly #words: Int32Array;

  /** @param sizes Every size that a block can have, each at its own place. */
  constructor(sizes: readonly number[]) {
    this.sizes = sizes;
    this.lists = new Array(sizes.length).fill(EMPTY);
    this.#filled = new Int32Array((sizes.length >> 5) + 1);
    this.#words = new Int32Array((this.#filled.length >> 5) + 1);
  }

  firstFrom(units: number): number {
    if (units >= this.sizes.length) return NONE;
    let word = units >> 5;
    const bits = (this.#filled[word] as number) & (-1 << (units & 31));
    if (bits !== 0) return (word << 5) + lowest(bits);
    let above = ++word >> 5;
    if (above >= this.#words.length) return NONE;
    let words = (this.#words[above] as number) & (-1 << (word & 31));
    while (words === 0) {
      if (++above === this.#words.length) return NONE;
      words = this.#words[above] as number;
    }
    word = (above << 5) + lowest(words);
    return (word << 5) + lowest(this.#filled[word] as number);
  }

  pop(bin: number): number {
    const list = this.lists[bin] as AddressList;
    const block = list.pop();
    if (list.length === 0) this.#empty(bin);
    return block;
  }

  put(units: number, block: number, addresses: Float64Array): number {
    let list = this.lists[units] as AddressList;
    if (list === EMPTY) this.lists[units] = list = new AddressList();
    if (list.length === 0) this.#fill(units);
    list.insert(block, addresses);
    return units;
  }

  remove(bin: number, block: number, addresses: Float64Array): void {
    const list = this.lists[bin] as AddressList;
    list.remove(block, addresses);
    if (list.length === 0) this.#empty(bin);
  }

  #fill(bin: number): void {
    const word = bin >> 5;
    this.#filled[word] = (this.#filled[word] as number) | (1 << (bin & 31));
    const above = word >> 5;
    this.#words[above] = (this.#words[above] as number) | (1 << (word & 31));
  }

  #empty(bin: number): void {
    const word = bin >> 5;
    const bits = (this.#filled[word] as number) & ~(1 << (bin & 31));
    this.#filled[word] = bits;
    if (bits !== 0) return;
    const above = word >> 5;
    this.#words[above] = (this.#words[above] as number) & ~(1 << (word & 31));
  }
}

/** Stands for the list of a bin that has never held a block. */
const EMPTY = new AddressList();

/** The place of the lowest bit. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
