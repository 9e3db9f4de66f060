import type { Guard } from "./conditions.ts";
import { NONE } from "../../memory/allocator/free_blocks.ts";
import type { Player } from "./player.ts";
import type { PoolRun } from "./runs.ts";

/** A storage of one of a period's runs. */
export interface StoragePlace {
  readonly run: number;
  readonly place: number;
}

/**
 * A block that stood when a period of runs began, or a segment that it took, and
 * how the block that plays its part in another period is found.
 */
export type Base =
  & {
    readonly size: number;
    /** The bases that lay beside it at the start; {@linkcode NONE} for none. */
    before: number;
    after: number;
  }
  & (
    /** A free block, the so-manieth of its bin by address. */
    | { readonly kind: "stock"; readonly bin: number; readonly rank: number }
    /** A storage's memory, by the run that frees it. */
    | ({ readonly kind: "held" } & StoragePlace)
    /** A free block beside another base. */
    | {
      readonly kind: "neighbour";
      readonly of: number;
      readonly isBefore: boolean;
    }
    /** Units beyond what the pool had taken from the driver. */
    | { readonly kind: "segment"; readonly offset: number }
  );

/** What a stretch of memory is cut into in the end. */
export interface StretchPiece {
  readonly size: number;
  /** The storage that has it; null of one that is free. */
  readonly owner: StoragePlace | null;
}

/** All that a period of runs does, and what it depends on; sizes are in units. */
export interface Period {
  readonly bases: readonly Base[];
  /** Sizes of which there have to be just as many blocks. */
  readonly guard: Guard;
  /** Bins that have to hold so many blocks at least. */
  readonly needed: readonly (readonly [bin: number, blocks: number])[];
  /** Places of which one lies below another, as `Order` has them. */
  readonly order: readonly number[];
  /** Stretches that end up otherwise than they began, by their bases in order. */
  readonly stretches: readonly {
    readonly bases: readonly number[];
    readonly pieces: readonly StretchPiece[];
  }[];
  /** Memory that is handed on as it is. */
  readonly moves: readonly {
    readonly from: StoragePlace;
    readonly to: StoragePlace;
  }[];
  /** By how much used, others and reserved grow. */
  readonly used: number;
  readonly others: number;
  readonly reserved: number;
  /** The most that used and others reach beyond their sum at the start. */
  readonly high: number;
}

/** Repeats a period without playing its events, where it is sure to be alike. */
export class Repeater {
  readonly #player: Player;
  readonly #period: Period;
  /** The block of each base in the period that is looked at. */
  readonly #blocks: Int32Array;

  constructor(player: Player, period: Period) {
    this.#player = player;
    this.#period = period;
    this.#blocks = new Int32Array(period.bases.length);
  }

  /**
   * Whether playing runs from a place on would do all that the period did, only
   * elsewhere. That holds where each request finds the block that plays the same
   * part: no other block is of a size that it would take, and among blocks of
   * one size the order by address is the same; and where each freed block has
   * the same neighbours.
   */
  fits(runs: readonly PoolRun[], at: number): boolean {
    return this.#find(runs, at) && this.#hasBlocks() && this.#isAlike();
  }

  /** Does what the period does, at runs that it fits. */
  apply(runs: readonly PoolRun[], at: number): void {
    const player = this.#player;
    const { pool, memory } = player;
    const { bases, stretches, moves } = this.#period;
    const { used, others, reserved, high } = this.#period;
    player.peak = Math.max(player.peak, player.used + player.others + high);
    player.used += used;
    player.others += others;
    if (moves.length > 0) this.#move(runs, at);
    for (let number = 0; number < bases.length; number++) {
      const base = bases[number] as Base;
      if (base.kind === "held") memory[placeOf(runs, at, base)] = NONE;
      else if (base.kind === "segment") {
        this.#blocks[number] = pool.make(
          base.size,
          pool.end + base.offset,
        );
      }
    }
    pool.grow(reserved);
    for (const { bases: own, pieces } of stretches) {
      const first = this.#blocks[own[0] as number] as number;
      const last = this.#blocks[own.at(-1) as number] as number;
      let address = pool.address[first] as number;
      let before = pool.before[first] as number;
      const after = pool.after[last] as number;
      for (const number of own) {
        pool.forget(this.#blocks[number] as number);
      }
      for (const { size, owner } of pieces) {
        const block = pool.make(size, address);
        address += size;
        pool.link(before, block);
        before = block;
        if (owner) memory[placeOf(runs, at, owner)] = block;
      }
      pool.link(before, after);
      this.#free(pieces, before);
    }
  }

  #move(runs: readonly PoolRun[], at: number): void {
    const { memory } = this.#player;
    const { moves } = this.#period;
    const moved = moves.map(({ from }) => {
      const block = memory[placeOf(runs, at, from)] as number;
      memory[placeOf(runs, at, from)] = NONE;
      return block;
    });
    for (const [number, { to }] of moves.entries()) {
      memory[placeOf(runs, at, to)] = moved[number] as number;
    }
  }

  /** Frees pieces, which no free block lies beside; from the last one back. */
  #free(pieces: readonly StretchPiece[], last: number): void {
    const { pool } = this.#player;
    let block = last;
    for (let at = pieces.length - 1; at >= 0; at--) {
      const before = pool.before[block] as number;
      if (pieces[at]?.owner === null) pool.put(block);
      block = before;
    }
  }

  #hasBlocks(): boolean {
    const { bins } = this.#player.pool;
    const { guard, needed } = this.#period;
    return guard.holds(bins) &&
      needed.every(([bin, blocks]) => (bins.lists[bin]?.length ?? 0) >= blocks);
  }

  #find(runs: readonly PoolRun[], at: number): boolean {
    const { pool } = this.#player;
    pool.unmark();
    const { bases } = this.#period;
    for (let number = 0; number < bases.length; number++) {
      const base = bases[number] as Base;
      if (base.kind === "segment") continue;
      const block = this.#findOne(base, runs, at);
      if (block === NONE || pool.size[block] !== base.size) return false;
      this.#blocks[number] = block;
      pool.mark(block);
    }
    return true;
  }

  /** The block of a base that is no segment; NONE where there is none. */
  #findOne(
    base: Exclude<Base, { kind: "segment" }>,
    runs: readonly PoolRun[],
    at: number,
  ): number {
    const { pool, memory } = this.#player;
    const { lists } = pool.bins;
    switch (base.kind) {
      case "stock":
        return lists[base.bin]?.at(base.rank) ?? NONE;
      case "held":
        return memory[placeOf(runs, at, base)] as number;
      case "neighbour": {
        const side = base.isBefore ? pool.before : pool.after;
        const block = side[this.#blocks[base.of] as number] as number;
        return block !== NONE && pool.free[block] === 1 ? block : NONE;
      }
    }
  }

  #isAlike(): boolean {
    const { before, after } = this.#player.pool;
    const { bases } = this.#period;
    for (let number = 0; number < bases.length; number++) {
      const base = bases[number] as Base;
      if (base.kind === "segment") continue;
      const block = this.#blocks[number] as number;
      if (
        !this.#lies(before[block] as number, base.before) ||
        !this.#lies(after[block] as number, base.after)
      ) return false;
    }
    return this.#isInOrder();
  }

  /** Whether what a block lies beside is a base, or in use all the while. */
  #lies(beside: number, base: number): boolean {
    const { pool } = this.#player;
    return base === NONE
      ? beside === NONE || (pool.free[beside] === 0 && !pool.isMarked(beside))
      : beside === this.#blocks[base];
  }

  #isInOrder(): boolean {
    const { address, bins } = this.#player.pool;
    const { order } = this.#period;
    const blocks = this.#blocks;
    for (let at = 0; at < order.length; at += 4) {
      const own = (address[blocks[order[at] as number] as number] as number) +
        (order[at + 1] as number);
      const than = order[at + 2] as number;
      const other = order[at + 3] as number;
      if (than >= 0) {
        if (own >= (address[blocks[than] as number] as number) + other) {
          return false;
        }
        continue;
      }
      const block = bins.lists[~than]?.at(other) ?? NONE;
      if (block !== NONE && own >= (address[block] as number)) {
        return false;
      }
    }
    return true;
  }
}

/** Where a storage of one of a period's runs has its memory noted. */
function placeOf(
  runs: readonly PoolRun[],
  at: number,
  { run, place }: StoragePlace,
): number {
  return (runs[at + run] as PoolRun).instance.base + place;
}
