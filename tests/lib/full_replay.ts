import { CachingAllocator } from "./caching_allocator.ts";
import type { Act, Instance } from "../../lib/play/program/act.ts";
import type { Buffer } from "../../lib/play/program/buffer.ts";
import type {
  AllocatorPeaks,
  Reached,
} from "../../lib/play/readers/allocator/peaks.ts";
import type { Segment } from "../../lib/play/record/block.ts";

/** Memory that an allocator has handed out. */
type Memory = object;

/** An allocator of both pools, however it keeps its blocks. */
export interface AnyAllocator {
  readonly reserved: number;
  readonly allocated: number;
  allocate(bytes: number): Memory;
  release(memory: Memory): void;
}

/** Follows both figures of an allocator to their peaks. */
class Watched implements AnyAllocator {
  readonly #allocator: AnyAllocator;
  allocated = 0;
  /** Bytes in use on other streams. */
  #beside = 0;
  /** Bytes that are in use for another stream alone, and count no more. */
  waits = 0;

  constructor(allocator: AnyAllocator) {
    this.#allocator = allocator;
  }

  get reserved(): number {
    return this.#allocator.reserved;
  }

  allocate(bytes: number): Memory {
    const memory = this.#allocator.allocate(bytes);
    this.#watch();
    return memory;
  }

  get beside(): number {
    return this.#beside;
  }

  set beside(bytes: number) {
    this.#beside = bytes;
    this.#watch();
  }

  #watch(): void {
    const now = this.#allocator.allocated + this.#beside - this.waits;
    this.allocated = Math.max(this.allocated, now);
  }

  release(memory: Memory): void {
    this.#allocator.release(memory);
  }
}

/** The memory of each storage of a recorded block, while it has any. */
type Held = (Memory | null)[];

/**
 * What `allocatorPeaks` gives, by playing every event of every act on one allocator
 * of both pools.
 */
export function fullReplay(
  { program }: Pick<Reached, "program">,
  kind: AnyAllocator = new CachingAllocator(program.grows),
): Pick<AllocatorPeaks, "reserved" | "allocated"> {
  const { load, passing = [], first, step, grows = false } = program;
  const allocator = new Watched(kind);
  const taken: Taken = new Map();
  const streams: Streams = { allocators: new Map(), waiting: new Map(), grows };
  for (const acts of [load, passing]) play(allocator, acts, taken, streams);
  allocator.allocated = 0;
  for (const acts of [first, step]) play(allocator, acts, taken, streams);
  const beside = [...streams.allocators.values()].reduce(
    (sum, { reserved }) => sum + reserved,
    0,
  );
  return {
    reserved: allocator.reserved + beside,
    allocated: allocator.allocated,
  };
}

/** Streams beside the one that computes. */
interface Streams {
  readonly allocators: Map<string, AnyAllocator>;
  /** What is free once the stream that may still use it has gone on. */
  readonly waiting: Map<string, () => void>;
  /** Whether their segments grow. */
  readonly grows: boolean;
}

/** The memory of buffers, each time that they stand, the oldest first. */
type Taken = Map<Buffer, Memory[][]>;

function play(
  allocator: Watched,
  acts: readonly Act[],
  taken: Taken,
  streams: Streams,
): void {
  const instances = new Map<Instance, Held>();
  const heldOf = (instance: Instance): Held => {
    const known = instances.get(instance);
    if (known) return known;
    const storages = instance.block.forward.tape.bytes.length;
    const made = new Array<null>(storages).fill(null);
    instances.set(instance, made);
    return made;
  };
  const allocatorOf = (stream: string | undefined): AnyAllocator => {
    if (stream === undefined) return allocator;
    const known = streams.allocators.get(stream);
    if (known) return known;
    const made = new CachingAllocator(streams.grows);
    streams.allocators.set(stream, made);
    return made;
  };
  for (const act of acts) {
    if (act.act === "run") {
      const held = heldOf(act.instance);
      for (const { from, given, taken } of act.wires) {
        const giver = heldOf(from);
        held[taken] = giver[given] ?? null;
        giver[given] = null;
      }
      playSegment(allocator, act.segment, held);
    } else if (act.act === "take") {
      const own = taken.get(act.buffer) ?? [];
      taken.set(act.buffer, own);
      const { stream, bytes } = act.buffer;
      own.push(takeAll(allocatorOf(stream), act.buffer));
      if (stream !== undefined) allocator.beside += bytes;
    } else if (act.act === "free") {
      const { buffer: { stream, bytes }, usedBy } = act;
      const memories = taken.get(act.buffer)?.shift()?.toReversed() ?? [];
      const own = allocatorOf(stream);
      if (stream !== undefined) allocator.beside -= bytes;
      const release = () => {
        for (const memory of memories) own.release(memory);
      };
      if (usedBy === undefined) release();
      else {
        if (stream === undefined) allocator.waits += bytes;
        streams.waiting.get(usedBy)?.();
        streams.waiting.set(usedBy, () => {
          release();
          if (stream === undefined) allocator.waits -= bytes;
        });
      }
    } else if (act.act === "clear") {
      for (const instance of act.instances) {
        for (const memory of heldOf(instance)) {
          if (memory) allocator.release(memory);
        }
        instances.delete(instance);
      }
    }
  }
}

function takeAll(
  allocator: AnyAllocator,
  { pieces, copies }: Buffer,
): Memory[] {
  const taken: Memory[] = [];
  for (let copy = copies; copy > 0; copy--) {
    for (const { bytes, count } of pieces) {
      for (let at = 0; at < count; at++) taken.push(allocator.allocate(bytes));
    }
  }
  return taken;
}

function playSegment(
  allocator: Watched,
  { tape: { events, bytes }, from, to }: Segment,
  held: Held,
): void {
  for (let at = from; at < to; at++) {
    const event = events[at] ?? 0;
    if (event >= 0) {
      held[event] = allocator.allocate(bytes[event] ?? 0);
      continue;
    }
    const memory = held[~event];
    if (memory) allocator.release(memory);
    held[~event] = null;
  }
}
