import { NONE } from "../../memory/allocator/free_blocks.ts";
import { Pool } from "../../memory/allocator/pool.ts";
import type { PoolSizes } from "../../memory/allocator/sizes.ts";
import { UNIT } from "../../memory/allocator/sizes.ts";
import { Origins } from "./origins.ts";
import type { Hand, PoolInstance } from "./instance.ts";
import type { Compiled, Stream } from "./stream.ts";

/** Plays a step's events on one pool, and follows what both pools hold. */
export class Player {
  readonly pool: Pool;
  /** Of the blocks of a period that is noted. */
  readonly origins = new Origins();
  /** The blocks of storages, by place; {@linkcode NONE} of those without. */
  memory = new Int32Array(0);
  /** Places that blocks share for what no segment outlives. */
  scratch = new Int32Array(0);
  /** Units of this pool's blocks in use. */
  used = 0;
  /** Units that tensors of the other pool have. */
  others = 0;
  /** The most that both reached at once. */
  peak = 0;
  /** What the last stretch did, in one number that is the same for the same. */
  trace = 0;

  /** @param capacity Units that the pool can have. */
  constructor(sizes: PoolSizes, capacity = Infinity) {
    this.pool = new Pool(sizes, capacity);
  }

  /** Begins the peak anew, with what is in use. */
  forgetPeak(): void {
    this.peak = this.used + this.others;
  }

  /** Takes memory so many times; gives this pool's blocks where asked to. */
  take(bytes: number, times: number, into: number[] | null = null): void {
    const { pool } = this;
    const units = bytes / UNIT;
    if (pool.sizes.takes(units)) {
      this.used += pool.takeAll(units, times, into);
    } else this.others += times * units;
    this.peak = Math.max(this.peak, this.used + this.others);
  }

  /** Counts memory that is taken beside the pools, on another stream; or freed. */
  beside(bytes: number): void {
    this.others += bytes / UNIT;
    this.peak = Math.max(this.peak, this.used + this.others);
  }

  /**
   * Counts as free what {@linkcode take} has given, which {@linkcode release} then
   * gives back to the pool.
   */
  uncount(bytes: number, times: number, blocks: readonly number[]): void {
    const { pool } = this;
    const units = bytes / UNIT;
    if (!pool.sizes.takes(units)) this.others -= times * units;
    else for (const block of blocks) this.used -= pool.size[block] as number;
  }

  /** Gives blocks back that do not count any more. */
  release(blocks: readonly number[]): void {
    // From the highest address down, where lists of free blocks grow.
    for (const block of blocks.toReversed()) this.pool.release(block);
  }

  /** Makes room for a step's storages. */
  open(compiled: readonly Compiled[]): PoolInstance[] {
    let places = 0;
    let scratch = 0;
    const instances = compiled.map((each) => {
      const instance = { compiled: each, base: places };
      places += each.kept;
      scratch = Math.max(scratch, each.places);
      return instance;
    });
    this.memory = new Int32Array(places).fill(NONE);
    if (this.scratch.length < scratch) this.scratch = new Int32Array(scratch);
    return instances;
  }

  /** Blocks share storages: what one allocates, another frees. */
  hand({ from, given, to, taken }: Hand): void {
    const { memory } = this;
    memory[to.base + taken] = memory[from.base + given] as number;
    memory[from.base + given] = NONE;
  }

  /** Plays a stretch of one block's events. */
  run(
    { compiled, base }: PoolInstance,
    { code, highs, lead, net }: Stream,
  ): void {
    const { kept } = compiled;
    const { pool, memory, scratch, others } = this;
    let { used, peak } = this;
    let trace = code.length;
    if (others + used + lead > peak) peak = others + used + lead;
    for (let at = 0; at < code.length; at += 2) {
      const op = code[at] as number;
      const place = op >> 1;
      if ((op & 1) === 0) {
        const block = pool.take(code[at + 1] as number);
        if (place < kept) memory[base + place] = block;
        else scratch[place] = block;
        const size = pool.size[block] as number;
        used += size;
        trace = Math.imul(trace ^ size, MIXER);
      } else {
        let block: number;
        if (place < kept) {
          block = memory[base + place] as number;
          memory[base + place] = NONE;
        } else block = scratch[place] as number;
        if (block !== NONE) {
          used -= pool.size[block] as number;
          trace = Math.imul(trace ^ pool.release(block), MIXER);
        }
      }
      const reached = others + used + (highs[at >> 1] as number);
      if (reached > peak) peak = reached;
    }
    this.used = used;
    this.peak = peak;
    this.others = others + net;
    this.trace = trace;
  }

  /** Gives back all that the storages of an instance still hold. */
  close({ compiled: { kept }, base }: PoolInstance): void {
    const { memory } = this;
    for (let at = base; at < base + kept; at++) {
      const block = memory[at] as number;
      if (block !== NONE) this.#release(block);
      memory[at] = NONE;
    }
  }

  #release(block: number): void {
    this.used -= this.pool.size[block] as number;
    this.pool.release(block);
  }
}

/** FNV's prime, which spreads bits. */
const MIXER = 0x01000193;
