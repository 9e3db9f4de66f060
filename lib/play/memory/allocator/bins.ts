import { AddressList } from "./address_list.ts";
import type { FreeBlocks } from "./free_blocks.ts";
import { NONE } from "./free_blocks.ts";

/**
 * Bins for sizes without a bound. Those that hold a block are few at any time, and
 * stand in order of size; one that is empty serves another size next.
 */
export class Bins implements FreeBlocks {
  readonly sizes: number[] = [];
  readonly lists: AddressList[] = [];
  /** Bins that hold a block, in order of size, and their sizes. */
  readonly #filled: number[] = [];
  readonly #filledSizes: number[] = [];
  readonly #unused: number[] = [];
  /** Empty bins that keep their sizes, by size. */
  readonly #kept = new Map<number, number>();
  #isHeld = false;

  get isHeld(): boolean {
    return this.#isHeld;
  }

  set isHeld(isHeld: boolean) {
    this.#isHeld = isHeld;
    if (isHeld) return;
    for (const [size, bin] of this.#kept) {
      if (this.lists[bin]?.length === 0 && this.sizes[bin] === size) {
        this.#giveUp(bin);
      }
    }
    this.#kept.clear();
  }

  firstFrom(units: number): number {
    const place = this.#placeOf(units);
    return place === this.#filled.length ? NONE : this.#filled[place] as number;
  }

  pop(bin: number): number {
    const list = this.lists[bin] as AddressList;
    const block = list.pop();
    if (list.length === 0) this.#empty(bin);
    return block;
  }

  put(
    units: number,
    block: number,
    addresses: Float64Array,
    likely: number,
  ): number {
    if (likely !== NONE && this.sizes[likely] === units) {
      const list = this.lists[likely] as AddressList;
      if (list.length > 0) {
        list.insert(block, addresses);
        return likely;
      }
    }
    const place = this.#placeOf(units);
    const bin = this.#filledSizes[place] === units
      ? this.#filled[place] as number
      : this.#fill(units, place);
    (this.lists[bin] as AddressList).insert(block, addresses);
    return bin;
  }

  remove(bin: number, block: number, addresses: Float64Array): void {
    const list = this.lists[bin] as AddressList;
    list.remove(block, addresses);
    if (list.length === 0) this.#empty(bin);
  }

  /** Takes a bin for a size into the order. */
  #fill(units: number, place: number): number {
    const bin = this.#kept.get(units) ?? this.#unused.pop() ??
      this.lists.push(new AddressList()) - 1;
    this.sizes[bin] = units;
    const bins = this.#filled;
    const sizes = this.#filledSizes;
    bins.push(bin);
    sizes.push(units);
    for (let to = bins.length - 1; to > place; to--) {
      bins[to] = bins[to - 1] as number;
      sizes[to] = sizes[to - 1] as number;
    }
    bins[place] = bin;
    sizes[place] = units;
    return bin;
  }

  #empty(bin: number): void {
    const bins = this.#filled;
    const sizes = this.#filledSizes;
    const size = this.sizes[bin] as number;
    const last = bins.length - 1;
    for (let to = this.#placeOf(size); to < last; to++) {
      bins[to] = bins[to + 1] as number;
      sizes[to] = sizes[to + 1] as number;
    }
    bins.pop();
    sizes.pop();
    if (this.#isHeld) this.#kept.set(size, bin);
    else this.#giveUp(bin);
  }

  #giveUp(bin: number): void {
    this.sizes[bin] = 0;
    this.#unused.push(bin);
  }

  /** The place of the first bin with blocks of so many units or more. */
  #placeOf(units: number): number {
    const sizes = this.#filledSizes;
    let low = 0;
    let high = sizes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sizes[middle] as number) < units) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
