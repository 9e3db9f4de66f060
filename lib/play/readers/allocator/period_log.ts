import { Guard, Order } from "./conditions.ts";
import { NONE } from "../../memory/allocator/free_blocks.ts";
import type { Origins } from "./origins.ts";
import type { Base, Period, StoragePlace } from "./period.ts";
import type { Noted } from "./noted.ts";
import { periodOf } from "./noted.ts";
import type { Player } from "./player.ts";
import type { PoolRun } from "./runs.ts";
import type { Stock } from "./stocks.ts";
import { nextRank, rankOf } from "./stocks.ts";

type Find = Base extends infer B
  ? B extends Base ? Omit<B, "size" | "before" | "after"> : never
  : never;

/**
 * Plays a period of runs event by event, and notes what it does and what that
 * depends on, so that `Repeater` can tell whether another would do the same.
 */
export class PeriodLog {
  readonly #player: Player;
  readonly #bases: Base[] = [];
  /** The stretch that each base belongs to: bases that became neighbours. */
  readonly #stretches: number[][] = [];
  readonly #origins: Origins;
  /** Blocks that were touched and are free. */
  readonly #fresh: number[] = [];
  readonly #order = new Order();
  readonly #guard: Guard;
  /**
   * For each class of requests: up to where no other block was free that would
   * have been large enough.
   */
  readonly #lacking: number[] = [];
  readonly #stocks = new Map<number, Stock>();
  /** Where memory was at the start that is handed on as it is. */
  readonly #moved = new Map<number, StoragePlace>();
  readonly #start: Pick<Player, "used" | "others"> & { reserved: number };
  #high = -Infinity;
  #isClear = true;

  constructor(player: Player) {
    this.#player = player;
    const { used, others, pool } = player;
    this.#start = { used, others, reserved: pool.reserved };
    this.#guard = new Guard(pool.bins);
    this.#origins = player.origins;
    this.#origins.clear();
  }

  /**
   * Plays runs from a place on; the first has been handed its memory.
   *
   * @returns What they do; null where that depends on more than is noted.
   */
  play(runs: readonly PoolRun[], at: number, length: number): Period | null {
    const player = this.#player;
    for (let run = 0; run < length; run++) {
      const { hands, handed, instance, stream } = runs[at + run] as PoolRun;
      for (const [number, hand] of run === 0 ? [] : hands.entries()) {
        const block = player.memory[hand.from.base + hand.given] as number;
        const giver = run - (handed[number] as number);
        // Whose memory is handed on is known only of the period's own runs.
        if (giver < 0) this.#isClear = false;
        if (block !== NONE && !this.#origins.has(block)) {
          const place = { run: giver, place: hand.given };
          this.#moved.set(block, this.#moved.get(block) ?? place);
        }
        player.hand(hand);
      }
      if (stream) this.#run(run, instance, stream);
    }
    const stood = this.#start.used + this.#start.others;
    player.peak = Math.max(player.peak, stood + this.#high);
    if (!this.#isClear) return null;
    return periodOf(this.#noted(), runs.slice(at, at + length));
  }

  #noted(): Noted {
    return {
      player: this.#player,
      start: this.#start,
      high: this.#high,
      bases: this.#bases,
      stretches: this.#stretches,
      origins: this.#origins,
      stocks: this.#stocks,
      moved: this.#moved,
      guard: this.#guard,
      lacking: this.#lacking,
      order: this.#order,
    };
  }

  #run(
    run: number,
    { compiled: { kept }, base }: PoolRun["instance"],
    { code, highs, lead, net }: NonNullable<PoolRun["stream"]>,
  ): void {
    const player = this.#player;
    const { pool, memory, scratch } = player;
    const stood = this.#start.used + this.#start.others - player.others;
    this.#high = Math.max(this.#high, player.used + lead - stood);
    for (let at = 0; at < code.length; at += 2) {
      const op = code[at] as number;
      const place = op >> 1;
      const notes = place < kept ? memory : scratch;
      const note = place < kept ? base + place : place;
      if ((op & 1) === 0) {
        const block = this.#take(code[at + 1] as number);
        notes[note] = block;
        player.used += pool.size[block] as number;
      } else {
        const block = notes[note] as number;
        notes[note] = NONE;
        if (block === NONE) this.#isClear = false;
        else {
          player.used -= pool.size[block] as number;
          if (!this.#origins.has(block)) this.#takeOver(block, { run, place });
          this.#release(block);
        }
      }
      const high = highs[at >> 1] as number;
      this.#high = Math.max(this.#high, player.used + high - stood);
    }
    player.others += net;
  }

  #take(request: number): number {
    const { pool } = this.#player;
    const { bins, reserved } = pool;
    const origins = this.#origins;
    const bin = bins.firstFrom(pool.requests[request] as number);
    const block = pool.take(request);
    const size = bin === NONE
      ? pool.reserved - reserved
      : bins.sizes[bin] as number;
    const isCut = pool.size[block] !== size;
    if (bin === NONE) {
      const offset = reserved - this.#start.reserved;
      this.#note(block, { kind: "segment", offset }, size);
    } else this.#choose(block, bin);
    const lacking = bin === NONE ? Infinity : size;
    this.#lacking[request] = Math.max(this.#lacking[request] ?? 0, lacking);
    if (!isCut) return block;
    const rest = pool.after[block] as number;
    const offset = origins.offset(block) + (pool.size[block] as number);
    origins.set(rest, origins.base(block), offset);
    this.#fresh.push(rest);
    return block;
  }

  /** Notes that a block was the lowest of its bin. */
  #choose(block: number, bin: number): void {
    const { pool } = this.#player;
    if (this.#origins.has(block)) {
      this.#unfresh(block);
      const base = this.#origins.base(block);
      const { kind, bin: own } = this.#bases[base] as Base & { bin?: number };
      if (kind !== "segment" && own !== bin) {
        const rank = nextRank(this.#stockOf(bin));
        this.#order.addStock(base, this.#origins.offset(block), bin, rank);
      }
    } else {
      const stock = this.#stockOf(bin);
      const rank = nextRank(stock);
      stock.gone.add(rank);
      stock.highest = rank;
      const size = pool.bins.sizes[bin] as number;
      stock.base = this.#touch(block, { kind: "stock", bin, rank }, size);
    }
    for (const other of this.#fresh) {
      if (pool.home[other] === bin) this.#lower(block, other);
    }
  }

  #stockOf(bin: number): Stock {
    const known = this.#stocks.get(bin);
    if (known) return known;
    const made: Stock = {
      bin,
      highest: -1,
      base: NONE,
      gone: new Set(),
      joined: [],
    };
    this.#stocks.set(bin, made);
    return made;
  }

  /** Notes that one block lies below another, where that might be otherwise. */
  #lower(block: number, other: number): void {
    const origins = this.#origins;
    const base = origins.base(block);
    const than = origins.base(other);
    if (base === than) return;
    const a = this.#bases[base] as Base;
    const b = this.#bases[than] as Base;
    if (a.kind === "segment" || b.kind === "segment") return;
    if (a.kind === "stock" && b.kind === "stock" && a.bin === b.bin) return;
    this.#order.addBlock(
      base,
      origins.offset(block),
      than,
      origins.offset(other),
    );
  }

  /** Notes memory that is given back and stood at the start. */
  #takeOver(block: number, freed: StoragePlace): void {
    const place = this.#moved.get(block) ?? freed;
    this.#moved.delete(block);
    this.#touch(block, { kind: "held", ...place });
  }

  #release(block: number): void {
    const { pool } = this.#player;
    const before = pool.before[block] as number;
    const after = pool.after[block] as number;
    let whole = block;
    if (before !== NONE && pool.free[before] === 1) {
      this.#join(before, block, before);
      whole = before;
    }
    if (after !== NONE && pool.free[after] === 1) {
      this.#join(block, after, after);
    }
    pool.release(block);
    if (whole !== block) this.#origins.delete(block);
    this.#fresh.push(whole);
  }

  /** Notes that two blocks become one, of which one was free. */
  #join(lower: number, upper: number, free: number): void {
    if (!this.#origins.has(free)) this.#joinStock(lower, upper, free);
    else this.#unfresh(free);
    const own = this.#stretchOf(lower);
    const other = this.#stretchOf(upper);
    if (own !== other) {
      own.push(...other);
      for (const base of other) this.#stretches[base] = own;
    }
    if (free === upper) this.#origins.delete(upper);
  }

  /** Notes a free block that a freed one is joined with. */
  #joinStock(lower: number, upper: number, free: number): void {
    const isBefore = free === lower;
    const stretch = this.#stretchOf(isBefore ? upper : lower);
    const of = (isBefore ? stretch[0] : stretch.at(-1)) as number;
    const { home, bins } = this.#player.pool;
    const stock = this.#stockOf(home[free] as number);
    const rank = rankOf(stock, free, bins, this.#origins);
    const base = this.#touch(free, { kind: "neighbour", of, isBefore });
    stock.gone.add(rank);
    stock.joined.push([rank, base]);
  }

  #unfresh(block: number): void {
    const at = this.#fresh.indexOf(block);
    const last = this.#fresh.pop() as number;
    if (last !== block) this.#fresh[at] = last;
  }

  #stretchOf(block: number): number[] {
    return this.#stretches[this.#origins.base(block)] as number[];
  }

  /** Notes a block that stood at the start, and what it lies beside. */
  #touch(
    block: number,
    found: Find,
    size = this.#player.pool.size[block] as number,
  ): number {
    const { pool } = this.#player;
    const base = this.#note(block, found, size);
    const own = this.#bases[base] as Base;
    const before = pool.before[block] as number;
    if (before !== NONE && this.#origins.has(before)) {
      own.before = this.#stretchOf(before).at(-1) as number;
      (this.#bases[own.before] as Base).after = base;
    }
    let after = pool.after[block] as number;
    if (pool.size[block] !== size) after = pool.after[after] as number;
    if (after !== NONE && this.#origins.has(after)) {
      own.after = this.#stretchOf(after)[0] as number;
      (this.#bases[own.after] as Base).before = base;
    }
    return base;
  }

  #note(block: number, found: Find, size: number): number {
    const base = this.#bases.push(
      { ...found, size, before: NONE, after: NONE } as Base,
    ) - 1;
    this.#stretches.push([base]);
    this.#origins.set(block, base, 0);
    return base;
  }
}
