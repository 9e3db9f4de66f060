import type { Block, Segment } from "../../record/block.ts";
import type { StorageId } from "../../memory/tape.ts";
import { NONE } from "../../memory/allocator/free_blocks.ts";
import type { Pool } from "../../memory/allocator/pool.ts";
import { UNIT } from "../../memory/allocator/sizes.ts";

/** A segment's events as one pool sees them; sizes are in units. */
export interface Stream {
  /**
   * Two numbers an event: twice the place of its storage, one more where it is
   * freed; and the class of the request.
   */
  readonly code: Int32Array;
  /**
   * The most that the other pool's tensors reach from each event until the next
   * one here, beyond what they held before the segment.
   */
  readonly highs: Float64Array;
  /** The same before the first event. */
  readonly lead: number;
  /** What the segment adds to the other pool. */
  readonly net: number;
}

/** A recorded block as one pool sees it. */
export interface Compiled {
  readonly block: Block;
  /** Storages that outlive a segment have places of their own... */
  readonly kept: number;
  /** ...others share places beyond those with all blocks. */
  readonly places: number;
  streamOf(segment: Segment): Stream;
  /** The place of a storage that blocks hand on. */
  placeOf(storage: StorageId): number;
}

/** Reads a block's events for a pool. */
function compile(block: Block, pool: Pool): Compiled {
  const segments = segmentsOf(block);
  const { tape } = block.forward;
  const places = placesOf(block, segments);
  const streams = new Map(
    segments.map((segment) => [segment, streamOf(segment, pool, places.of)]),
  );
  return {
    block,
    kept: places.kept,
    places: tape.bytes.length,
    streamOf: (segment) => streams.get(segment) as Stream,
    placeOf: (storage) => places.of[storage] as number,
  };
}

function segmentsOf(block: Block): Segment[] {
  const { body, forward, done, exit, dropped, backward } = block;
  return [body, forward, done, exit, dropped, backward].filter((segment) =>
    segment !== undefined
  );
}

/** Gives storages places: first those that outlive a segment. */
function placesOf(
  block: Block,
  segments: readonly Segment[],
): { of: Int32Array; kept: number } {
  const { events, bytes } = block.forward.tape;
  const of = new Int32Array(bytes.length).fill(NONE);
  let kept = 0;
  const keep = (id: StorageId | null): void => {
    if (id !== null && of[id] === NONE) of[id] = kept++;
  };
  const { ports } = block;
  for (const id of [ports.in, ports.out, ports.gradIn, ports.gradOut]) keep(id);
  for (const { taken, given } of ports.carried) {
    keep(taken);
    keep(given);
  }
  const madeIn = new Int32Array(bytes.length).fill(NONE);
  const isFreed = new Uint8Array(bytes.length);
  for (const [number, { from, to }] of segments.entries()) {
    for (let at = from; at < to; at++) {
      const event = events[at] as number;
      if (event >= 0) madeIn[event] = number;
      else if (madeIn[~event] === number) isFreed[~event] = 1;
      else keep(~event);
    }
  }
  for (const id of bytes.keys()) {
    if (madeIn[id] !== NONE && isFreed[id] === 0) keep(id);
  }
  let next = kept;
  for (const id of bytes.keys()) if (of[id] === NONE) of[id] = next++;
  return { of, kept };
}

function streamOf(
  { tape: { events, bytes }, from, to }: Segment,
  pool: Pool,
  places: Int32Array,
): Stream {
  const { sizes } = pool;
  const code: number[] = [];
  // The first is what is reached before any event.
  const highs: number[] = [];
  let net = 0;
  let high = 0;
  for (let at = from; at < to; at++) {
    const event = events[at] as number;
    const id = event >= 0 ? event : ~event;
    const units = (bytes[id] as number) / UNIT;
    if (sizes.takes(units)) {
      highs.push(high);
      high = net;
      const place = 2 * (places[id] as number);
      code.push(event >= 0 ? place : place + 1, pool.requestOf(units));
    } else {
      net += event >= 0 ? units : -units;
      if (net > high) high = net;
    }
  }
  highs.push(high);
  const [lead = 0, ...rest] = highs;
  return {
    code: Int32Array.from(code),
    highs: Float64Array.from(rest),
    lead,
    net,
  };
}

/** Reads blocks for one pool, each once. */
export function compiler(pool: Pool): (block: Block) => Compiled {
  const known = new Map<Block, Compiled>();
  return (block) => {
    const before = known.get(block);
    if (before) return before;
    const made = compile(block, pool);
    known.set(block, made);
    return made;
  };
}
