import { AddressList } from "./address_list.ts";
import type { FreeBlocks } from "./free_blocks.ts";
import { NONE } from "./free_blocks.ts";

/** Bins from which on those are given up that are empty and nobody's wish. */
const FIRST_TIDY = 96;

/**
 * Bins for sizes without a bound, made as sizes come up. A bin's rank is its
 * place by size. A class of requests remembers the rank of the first bin large
 * enough. Bins that are empty stay, since most fill again at once.
 */
export class Bins implements FreeBlocks {
  readonly sizes: number[] = [];
  readonly lists: AddressList[] = [];
  readonly requests: number[] = [];
  readonly binOfRequest: number[] = [];
  isHeld = false;
  /** Bins in order of size. */
  readonly #ranks: number[] = [];
  readonly #rankOf: number[] = [];
  /** A bit for each rank: whether its bin holds a block. */
  readonly #filled: number[] = [];
  readonly #unused: number[] = [];
  readonly #requestOfSize = new Map<number, number>();
  /** Of each class, and since which order of bins that has been true. */
  readonly #firstRank: number[] = [];
  readonly #knownSince: number[] = [];
  #order = 0;
  #tidyAt = FIRST_TIDY;

  requestOf(units: number): number {
    const known = this.#requestOfSize.get(units);
    if (known !== undefined) return known;
    const request = this.requests.push(units) - 1;
    this.#requestOfSize.set(units, request);
    const rank = this.#rankFrom(units);
    const bin = this.#ranks[rank];
    this.binOfRequest.push(
      bin !== undefined && this.sizes[bin] === units ? bin : NONE,
    );
    this.#firstRank.push(rank);
    this.#knownSince.push(this.#order);
    return request;
  }

  binFor(request: number): number {
    if (this.#knownSince[request] !== this.#order) {
      this.#knownSince[request] = this.#order;
      this.#firstRank[request] = this.#rankFrom(
        this.requests[request] as number,
      );
    }
    return this.#filledFrom(this.#firstRank[request] as number);
  }

  firstFrom(units: number): number {
    return this.#filledFrom(this.#rankFrom(units));
  }

  binOf(units: number): number {
    const rank = this.#rankFrom(units);
    const bin = this.#ranks[rank];
    return bin !== undefined && this.sizes[bin] === units
      ? bin
      : this.#make(units, rank);
  }

  pop(bin: number): number {
    const list = this.lists[bin] as AddressList;
    const block = list.pop();
    if (list.length === 0) this.#toggle(bin);
    return block;
  }

  put(bin: number, block: number, addresses: Float64Array): void {
    const list = this.lists[bin] as AddressList;
    if (list.length === 0) this.#toggle(bin);
    list.insert(block, addresses);
  }

  remove(bin: number, block: number, addresses: Float64Array): void {
    const list = this.lists[bin] as AddressList;
    list.remove(block, addresses);
    if (list.length === 0) this.#toggle(bin);
  }

  /** The first bin from a rank on that holds a block. */
  #filledFrom(rank: number): number {
    const filled = this.#filled;
    let word = rank >> 5;
    if (word >= filled.length) return NONE;
    let bits = (filled[word] as number) & (-1 << (rank & 31));
    while (bits === 0) {
      if (++word === filled.length) return NONE;
      bits = filled[word] as number;
    }
    const first = 31 - Math.clz32(bits & -bits);
    return this.#ranks[(word << 5) + first] as number;
  }

  #toggle(bin: number): void {
    const rank = this.#rankOf[bin] as number;
    const word = rank >> 5;
    this.#filled[word] = (this.#filled[word] as number) ^ (1 << (rank & 31));
  }

  /** The rank of the first bin of blocks as large as this. */
  #rankFrom(units: number): number {
    let low = 0;
    let high = this.#ranks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.sizes[this.#ranks[middle] as number] as number) < units) {
        low = middle + 1;
      } else high = middle;
    }
    return low;
  }

  #make(units: number, rank: number): number {
    if (this.#ranks.length >= this.#tidyAt && !this.isHeld) {
      this.#tidy();
      rank = this.#rankFrom(units);
    }
    const bin = this.#unused.pop() ?? this.lists.push(new AddressList()) - 1;
    this.sizes[bin] = units;
    this.#ranks.splice(rank, 0, bin);
    this.#sort(rank);
    const request = this.#requestOfSize.get(units);
    if (request !== undefined) this.binOfRequest[request] = bin;
    return bin;
  }

  /** Gives up empty bins, but those of sizes that are asked for. */
  #tidy(): void {
    let to = 0;
    for (const bin of this.#ranks) {
      const isEmpty = this.lists[bin]?.length === 0;
      if (isEmpty && !this.#requestOfSize.has(this.sizes[bin] as number)) {
        this.#unused.push(bin);
        this.sizes[bin] = 0;
      } else this.#ranks[to++] = bin;
    }
    this.#ranks.length = to;
    this.#tidyAt = Math.max(FIRST_TIDY, 2 * to);
    this.#sort(0);
  }

  /** Numbers ranks anew, from one on. */
  #sort(from: number): void {
    const ranks = this.#ranks;
    const filled = this.#filled;
    this.#order++;
    const first = from >> 5;
    filled.length = Math.max(first, (ranks.length >> 5) + 1);
    filled.fill(0, first);
    for (let rank = first << 5; rank < ranks.length; rank++) {
      const bin = ranks[rank] as number;
      this.#rankOf[bin] = rank;
      if ((this.lists[bin] as AddressList).length > 0) {
        filled[rank >> 5] = (filled[rank >> 5] as number) | (1 << (rank & 31));
      }
    }
  }
}
