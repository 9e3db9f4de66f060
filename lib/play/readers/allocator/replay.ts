import { emptyPool } from "../../memory/allocator/emptied.ts";
import type { PoolSizes } from "../../memory/allocator/sizes.ts";
import type { Act, Free, Instance, Program } from "../../program/act.ts";
import type { Buffer } from "../../program/buffer.ts";
import type { Block } from "../../record/block.ts";
import type { PoolInstance } from "./instance.ts";
import { Player } from "./player.ts";
import { playRuns } from "./repeats.ts";
import { runsOf } from "./runs.ts";
import type { Compiled } from "./stream.ts";
import { compiler } from "./stream.ts";

/** All streams at once. */
export const EVERY_STREAM = Symbol("every stream");

/** Plays acts on one pool of PyTorch's allocator, of one stream. */
export class Replay {
  readonly player: Player;
  readonly #compiled: (block: Block) => Compiled;
  /** Buffers that some act frees. */
  readonly #freed: ReadonlySet<Buffer>;
  /**
   * The blocks of what is freed again, for each of a buffer's storages: a list for
   * each time that it stands, the oldest first.
   */
  readonly #taken = new Map<Buffer, number[][][]>();
  #instances = new Map<Instance, PoolInstance>();
  /** Units that each instance holds of the other pool's tensors. */
  readonly #held = new Map<PoolInstance, number>();
  readonly #stream: string | typeof EVERY_STREAM | undefined;
  /** Blocks that are free but for a stream that may still use them. */
  readonly #waiting = new Map<string, number[][]>();

  /**
   * @param capacity Units that the pool can have.
   * @param program All that will be played.
   * @param stream Whose blocks the pool has: by default the stream's that computes.
   */
  constructor(
    sizes: PoolSizes,
    capacity: number,
    program: Program,
    stream?: string | typeof EVERY_STREAM,
  ) {
    this.#stream = stream;
    this.player = new Player(sizes, capacity);
    this.#freed = freedBy(program);
    this.#compiled = compiler(this.player.pool);
  }

  /** Plays a step's acts, or those before the first. */
  play(acts: readonly Act[]): void {
    if (this.#computes) this.#open(acts);
    for (let at = 0; at < acts.length; at++) {
      const act = acts[at] as Act;
      switch (act.act) {
        case "run":
          // All blocks run on the stream that computes.
          if (this.#computes) at = this.#run(acts, at);
          break;
        case "take":
          this.#take(act.buffer, this.#freed.has(act.buffer));
          break;
        case "free":
          this.#free(act);
          break;
        case "clear":
          for (const instance of act.instances) this.#close(instance);
          break;
        case "empty":
          emptyPool(this.player.pool);
          break;
        case "collective":
      }
    }
  }

  /** Whether blocks run on the pool's stream. */
  get #computes(): boolean {
    return this.#stream === undefined || this.#stream === EVERY_STREAM;
  }

  #has({ stream }: Buffer): boolean {
    return this.#stream === EVERY_STREAM || stream === this.#stream;
  }

  /** Gives all instances of a step places for what they hold. */
  #open(acts: readonly Act[]): void {
    const all = new Set(
      acts.flatMap((act) => act.act === "run" ? [act.instance] : []),
    );
    const opened = this.player.open(
      [...all].map(({ block }) => this.#compiled(block)),
    );
    this.#instances = new Map(
      [...all].map((instance, at) => [instance, opened[at] as PoolInstance]),
    );
  }

  /** @returns The place of the last run of those that follow one another. */
  #run(acts: readonly Act[], from: number): number {
    let to = from;
    // What ranks exchange takes no memory.
    while (acts[to]?.act === "run" || acts[to]?.act === "collective") to++;
    const runs = runsOf(
      acts.slice(from, to),
      (instance) => this.#instances.get(instance) as PoolInstance,
    );
    playRuns(this.player, runs);
    for (const { instance, stream } of runs) {
      if (!stream || stream.net === 0) continue;
      const before = this.#held.get(instance) ?? 0;
      this.#held.set(instance, before + stream.net);
    }
    return to - 1;
  }

  #close(instance: Instance): void {
    const own = this.#instances.get(instance);
    if (!own) return;
    this.player.close(own);
    this.player.others -= this.#held.get(own) ?? 0;
    this.#held.delete(own);
  }

  #take(buffer: Buffer, isFreed: boolean): void {
    const { pieces, copies } = buffer;
    if (!this.#has(buffer)) {
      this.player.beside(buffer.bytes);
      return;
    }
    const blocks: number[][] = [];
    const take = (bytes: number, times: number): void => {
      const into: number[] | null = isFreed ? [] : null;
      this.player.take(bytes, times, into);
      if (into) blocks.push(into);
    };
    const [only] = pieces;
    if (only && pieces.length === 1) take(only.bytes, copies * only.count);
    else {
      for (let copy = copies; copy > 0; copy--) {
        for (const { bytes, count } of pieces) take(bytes, count);
      }
    }
    if (!isFreed) return;
    const before = this.#taken.get(buffer);
    if (before) before.push(blocks);
    else this.#taken.set(buffer, [blocks]);
  }

  #free({ buffer, usedBy }: Free): void {
    const { pieces, copies } = buffer;
    if (!this.#has(buffer)) {
      this.player.beside(-buffer.bytes);
      return;
    }
    const blocks = this.#taken.get(buffer)?.shift() ?? [];
    const joined = pieces.length === 1;
    for (const [at, own] of blocks.entries()) {
      const { bytes, count } =
        pieces[at % pieces.length] as Buffer["pieces"][0];
      this.player.uncount(bytes, joined ? copies * count : count, own);
    }
    const free = usedBy === undefined ? blocks : this.#waiting.get(usedBy);
    if (usedBy !== undefined) this.#waiting.set(usedBy, blocks);
    for (const own of free ?? []) this.player.release(own);
  }
}

/** What is freed, and may have been taken in another step. */
function freedBy({ passing = [], first, step }: Program): Set<Buffer> {
  return new Set(
    [...passing, ...first, ...step].flatMap((act) =>
      act.act === "free" ? [act.buffer] : []
    ),
  );
}
