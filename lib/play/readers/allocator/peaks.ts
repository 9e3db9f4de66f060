import type { PoolSizes } from "../../memory/allocator/sizes.ts";
import {
  GROWING,
  LARGE_POOL,
  SMALL_POOL,
  uncutFrom,
  UNIT,
} from "../../memory/allocator/sizes.ts";
import {
  MAX_REPLAYED_EVENTS,
  MAX_REPLAYED_LAYERS,
} from "../../memory/limits.ts";
import type { Act, Program } from "../../program/act.ts";
import type { Peaks } from "../peak.ts";
import type { Player } from "./player.ts";
import { EVERY_STREAM, Replay } from "./replay.ts";

/** A program, and how high its tensors reach. */
export interface Reached {
  readonly program: Program;
  readonly peak: Pick<Peaks["peak"], "bytes">;
  /** See {@linkcode Peaks.outside}; 0 where left out. */
  readonly outside?: number;
}

/** What PyTorch's allocator counts at most over the first two steps, in bytes. */
export interface AllocatorPeaks {
  /** What it took from the driver. */
  readonly reserved: number;
  /**
   * Blocks in use, or what is taken at a moment that is not replayed; a large block is
   * not cut where less than 1 MiB would be left.
   */
  readonly allocated: number;
  /** What of the reserved bytes is for requests of up to 1 MiB. */
  readonly small: number;
}

/** Blocks of a pass that are no layers: the first and the last. */
const ENDS = 2;

/** Whether a program is too long to be played on the allocator. */
export function isTooLong({ events, blocks }: Program): boolean {
  return events > MAX_REPLAYED_EVENTS || blocks - ENDS > MAX_REPLAYED_LAYERS;
}

/**
 * Bytes that the allocator takes of a GPU: where that has less than the allocator
 * would like, but enough for the tensors, cached memory goes back to the driver.
 *
 * @param peaks The program's, where there is no limit.
 * @param capacity Bytes that it can have.
 */
export function reservedWithin(
  { program: whole, peak, outside = 0 }: Reached,
  { reserved, small }: AllocatorPeaks,
  capacity: number,
): number {
  if (reserved <= capacity || peak.bytes > FILLABLE * capacity) {
    return reserved;
  }
  const program = ownOf(whole);
  // Of a segment that grows, pages that nobody uses go back.
  if (isTooLong(program) || program.grows) return Math.round(capacity);
  // What one stream does not use goes back, and any other gets it.
  const { pool } = play(
    program,
    { ...largePool(program), repeats: false },
    (capacity - small) / UNIT,
    EVERY_STREAM,
  );
  return Math.min(
    Math.round(capacity),
    Math.max(outside, UNIT * pool.peak + small),
  );
}

/** A program without what another allocator gives. */
function ownOf(program: Program): Program {
  const { step, first } = program;
  const isOwn = (act: Act) =>
    act.act !== "run" || !act.instance.block.isOutside;
  return step.every(isOwn)
    ? program
    : { ...program, step: step.filter(isOwn), first: first.filter(isOwn) };
}

/**
 * As {@linkcode reservedWithin}, but at most so much: where cached memory goes back, the
 * step is not played again to tell how much.
 */
export function reservedAtMost(
  { peak }: Pick<Reached, "peak">,
  { reserved }: AllocatorPeaks,
  capacity: number,
): number {
  return reserved <= capacity || peak.bytes > FILLABLE * capacity
    ? reserved
    : Math.floor(capacity);
}

/**
 * The share of what the allocator can have that tensors can fill: FMS's full
 * fine-tuning of Llama-3-8B on two A100-80GB ran with 74.8 GiB allocated, where
 * context and NCCL leave 76.9 GiB, and the allocator gives cached memory back before
 * it gives up.
 */
export const FILLABLE = 0.975;

/**
 * Plays the first two steps on PyTorch's allocator, each of its pools by itself,
 * where the GPU has no limit. A step of too many events, or bytes, is not played
 * again: the allocator is taken to cache nothing.
 */
export function allocatorPeaks(
  { program: whole, peak, outside = 0 }: Reached,
): AllocatorPeaks {
  const program = ownOf(whole);
  // Beyond whole numbers that can be told apart, no block ends where another begins.
  if (isTooLong(program) || peak.bytes > Number.MAX_SAFE_INTEGER) {
    return { reserved: peak.bytes, allocated: peak.bytes, small: 0 };
  }
  const sizes = program.grows
    ? GROWING
    : { ...OF_MANY_SEGMENTS, large: largePool(program) };
  const large = play(program, sizes.large);
  const streams = [...streamsOf(program)];
  const reservedBy = (pool: PoolSizes, stream?: string): number =>
    play(program, pool, Infinity, stream).pool.reserved;
  const beside = streams.reduce(
    (sum, stream) => sum + reservedBy(sizes.large, stream),
    0,
  );
  const small = streams.reduce(
    (sum, stream) => sum + reservedBy(sizes.small, stream),
    reservedBy(sizes.small),
  );
  return {
    reserved: Math.max(outside, UNIT * (large.pool.peak + beside + small)),
    // Blocks of the small pool are as long as what was asked for.
    allocated: Math.max(outside, UNIT * large.peak),
    small: UNIT * small,
  };
}

/** The pool of large blocks, of segments that do not grow. */
function largePool({ maxSplitMib }: Program): PoolSizes {
  return maxSplitMib === undefined ? LARGE_POOL : uncutFrom(maxSplitMib);
}

const OF_MANY_SEGMENTS = { large: LARGE_POOL, small: SMALL_POOL };

/** The streams beside the one that computes, on which a program takes memory. */
function streamsOf({ load, first, step }: Program): Set<string> {
  return new Set(
    [...load, ...first, ...step].flatMap((act) =>
      act.act === "take" && act.buffer.stream !== undefined
        ? [act.buffer.stream]
        : []
    ),
  );
}

function play(
  program: Program,
  sizes: PoolSizes,
  capacity = Infinity,
  stream?: string | typeof EVERY_STREAM,
): Player {
  const { load, passing = [], first, step } = program;
  const replay = new Replay(sizes, capacity, program, stream);
  for (const acts of [load, passing]) replay.play(acts);
  replay.player.forgetPeak();
  for (const acts of [first, step]) replay.play(acts);
  return replay.player;
}
