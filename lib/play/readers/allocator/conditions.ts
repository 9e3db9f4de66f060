import type { FreeBlocks } from "../../memory/allocator/free_blocks.ts";
import { NONE } from "../../memory/allocator/free_blocks.ts";

/** Sizes, from one up to but not including another. */
export type SizeRange = readonly [from: number, to: number];

/** How many free blocks there are of some sizes. */
export class Guard {
  readonly #counts: ReadonlyMap<number, number>;
  #sizes: SizeRange[] = [];
  #filled = 0;

  /** @param bins Whose blocks are counted now. */
  constructor(bins: FreeBlocks) {
    const counts = new Map<number, number>();
    for (let bin = bins.firstFrom(0); bin !== NONE;) {
      const size = bins.sizes[bin] as number;
      counts.set(size, bins.lists[bin]?.length ?? 0);
      bin = bins.firstFrom(size + 1);
    }
    this.#counts = counts;
  }

  /** Sets the sizes that are guarded. */
  settle(sizes: readonly SizeRange[]): void {
    const sorted = [...sizes].sort(([a], [b]) => a - b);
    const joined: [number, number][] = [];
    for (const [from, to] of sorted) {
      const last = joined.at(-1);
      if (last && from <= last[1]) last[1] = Math.max(last[1], to);
      else joined.push([from, to]);
    }
    this.#sizes = joined;
    this.#filled =
      [...this.#counts.keys()].filter((size) =>
        joined.some(([from, to]) => from <= size && size < to)
      ).length;
  }

  /** Whether there are as many blocks of the guarded sizes as there were. */
  holds(bins: FreeBlocks): boolean {
    let filled = 0;
    for (const [from, to] of this.#sizes) {
      let bin = bins.firstFrom(from);
      while (bin !== NONE) {
        const size = bins.sizes[bin] as number;
        if (size >= to) break;
        if (this.#counts.get(size) !== bins.lists[bin]?.length) return false;
        filled++;
        bin = bins.firstFrom(size + 1);
      }
    }
    return filled === this.#filled;
  }
}

/**
 * Places of which one must lie below another. Each is so many units beyond the
 * begin of a base; the other may also be the so-manieth block of a bin.
 */
export class Order {
  /** Four numbers each: base, offset, other base or bin's complement, offset or rank. */
  readonly pairs: number[] = [];
  /** Offsets of the pairs of two bases, or of a base and a bin. */
  readonly #known = new Map<number, number[]>();

  /** A base's place lies below a block that a bin held from the start. */
  addStock(base: number, offset: number, bin: number, rank: number): void {
    this.addBlock(base, offset, ~bin, rank);
  }

  /** A base's place lies below another base's. */
  addBlock(base: number, offset: number, than: number, other: number): void {
    // There are far fewer bases and bins.
    const key = base * 2 ** 21 + than;
    const known = this.#known.get(key);
    if (!known) this.#known.set(key, [offset, other]);
    else {
      for (let at = 0; at < known.length; at += 2) {
        if (known[at] === offset && known[at + 1] === other) return;
      }
      known.push(offset, other);
    }
    this.pairs.push(base, offset, than, other);
  }
}
