import { AddressList } from "./address_list.ts";
import type { FreeBlocks } from "./free_blocks.ts";
import { NONE } from "./free_blocks.ts";

/** Bins from which on those are given up that are empty and nobody's wish. */
const FIRST_TIDY = 512;

/**
 * Bins for sizes without a bound, made as sizes come up. Those that hold a block
 * are few at any time, and stand in order of size.
 */
export class Bins implements FreeBlocks {
  readonly sizes: number[] = [];
  readonly lists: AddressList[] = [];
  readonly requests: number[] = [];
  readonly binOfRequest: number[] = [];
  isHeld = false;
  /** Bins that hold a block, in order of size, and their sizes. */
  readonly #filled: number[] = [];
  readonly #filledSizes: number[] = [];
  readonly #binOfSize = new Map<number, number>();
  readonly #unused: number[] = [];
  readonly #requestOfSize = new Map<number, number>();
  #tidyAt = FIRST_TIDY;

  requestOf(units: number): number {
    const known = this.#requestOfSize.get(units);
    if (known !== undefined) return known;
    const request = this.requests.push(units) - 1;
    this.#requestOfSize.set(units, request);
    this.binOfRequest.push(this.#binOfSize.get(units) ?? NONE);
    return request;
  }

  binFor(request: number): number {
    return this.firstFrom(this.requests[request] as number);
  }

  firstFrom(units: number): number {
    const place = this.#placeOf(units);
    return place === this.#filled.length ? NONE : this.#filled[place] as number;
  }

  binOf(units: number): number {
    const place = this.#placeOf(units);
    return this.#filledSizes[place] === units
      ? this.#filled[place] as number
      : this.#binOfSize.get(units) ?? this.#make(units);
  }

  pop(bin: number): number {
    const list = this.lists[bin] as AddressList;
    const block = list.pop();
    if (list.length === 0) this.#empty(bin);
    return block;
  }

  put(bin: number, block: number, addresses: Float64Array): void {
    const list = this.lists[bin] as AddressList;
    if (list.length === 0) this.#fill(bin);
    list.insert(block, addresses);
  }

  remove(bin: number, block: number, addresses: Float64Array): void {
    const list = this.lists[bin] as AddressList;
    list.remove(block, addresses);
    if (list.length === 0) this.#empty(bin);
  }

  #fill(bin: number): void {
    const size = this.sizes[bin] as number;
    const place = this.#placeOf(size);
    const [bins, sizes] = [this.#filled, this.#filledSizes];
    bins.push(bin);
    sizes.push(size);
    for (let to = bins.length - 1; to > place; to--) {
      bins[to] = bins[to - 1] as number;
      sizes[to] = sizes[to - 1] as number;
    }
    bins[place] = bin;
    sizes[place] = size;
  }

  #empty(bin: number): void {
    const [bins, sizes] = [this.#filled, this.#filledSizes];
    const last = bins.length - 1;
    for (let to = this.#placeOf(this.sizes[bin] as number); to < last; to++) {
      bins[to] = bins[to + 1] as number;
      sizes[to] = sizes[to + 1] as number;
    }
    bins.pop();
    sizes.pop();
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

  #make(units: number): number {
    if (this.#binOfSize.size >= this.#tidyAt && !this.isHeld) this.#tidy();
    const bin = this.#unused.pop() ?? this.lists.push(new AddressList()) - 1;
    this.sizes[bin] = units;
    this.#binOfSize.set(units, bin);
    const request = this.#requestOfSize.get(units);
    if (request !== undefined) this.binOfRequest[request] = bin;
    return bin;
  }

  /** Gives up empty bins, but those of sizes that are asked for. */
  #tidy(): void {
    for (const [size, bin] of this.#binOfSize) {
      const isEmpty = this.lists[bin]?.length === 0;
      if (!isEmpty || this.#requestOfSize.has(size)) continue;
      this.#binOfSize.delete(size);
      this.#unused.push(bin);
      this.sizes[bin] = 0;
    }
    this.#tidyAt = Math.max(FIRST_TIDY, 2 * this.#binOfSize.size);
  }
}
