import { Repeater } from "./period.ts";
import { PeriodLog } from "./period_log.ts";
import type { Player } from "./player.ts";
import type { PoolRun } from "./runs.ts";

/** Runs after which what happens may repeat. */
const LONGEST_PERIOD = 12;

/** Periods that take about as long to play as one to note. */
const WORTH_WHILE = 8;

/** Runs below which too little is left to be skipped. */
const FEWEST_RUNS = 40;

/** Runs to wait after the first period that hardly repeated. */
const FIRST_PATIENCE = 8;

/**
 * Plays runs one after the other. Where they do the same again and again, as
 * layers do, a period is noted, and as many as are sure to be alike are not
 * played event by event.
 */
export function playRuns(player: Player, runs: readonly PoolRun[]): void {
  const traces = new Int32Array(runs.length);
  const skips = player.pool.sizes.repeats && runs.length >= FEWEST_RUNS;
  // Periods of a length that hardly repeated are not noted again for a while.
  const patience = new Int32Array(LONGEST_PERIOD + 1).fill(FIRST_PATIENCE);
  const from = new Int32Array(LONGEST_PERIOD + 1);
  for (let at = 0; at < runs.length; at++) {
    const { hands, instance, stream } = runs[at] as PoolRun;
    for (const hand of hands) player.hand(hand);
    if (stream) player.run(instance, stream);
    if (!skips) continue;
    traces[at] = player.trace;
    const length = periodAt(runs, at, traces, from);
    if (length === 0) continue;
    const next = skip(player, runs, at + 1, length);
    if (next === at + 1) continue;
    for (let to = at + 1; to < next; to++) {
      traces[to] = traces[to - length] as number;
    }
    if (next <= at + WORTH_WHILE * length) {
      from[length] = next + (patience[length] as number);
      patience[length] = 2 * (patience[length] as number);
    }
    at = next - 1;
  }
}

/** The length of the period that ends at a run; 0 where none does. */
function periodAt(
  runs: readonly PoolRun[],
  at: number,
  traces: Int32Array,
  from: Int32Array,
): number {
  const longest = Math.min(LONGEST_PERIOD, (at + 1) >> 1);
  for (let length = 1; length <= longest; length++) {
    if (at < (from[length] as number)) continue;
    let same = 0;
    while (
      same < length && traces[at - same] === traces[at - same - length] &&
      isAlike(runs, at - same, at - same - length)
    ) same++;
    if (same === length) return length;
  }
  return 0;
}

/**
 * Whether two runs are of the same recorded block, and handed the same by the same
 * run before them. Of a pipeline's interleaved micro-batches that may be any.
 */
function isAlike(
  runs: readonly PoolRun[],
  one: number,
  other: number,
): boolean {
  const a = runs[one] as PoolRun;
  const b = runs[other] as PoolRun;
  return a.stream === b.stream && a.instance.compiled === b.instance.compiled &&
    isAsLongAgo(a.since, b.since) &&
    a.hands.length === b.hands.length && a.hands.length <= 1 &&
    a.hands.every(({ given, taken }, at) =>
      b.hands[at]?.given === given && b.hands[at]?.taken === taken &&
      isAsLongAgo(a.handed[at] as number, b.handed[at] as number)
    );
}

/** Whether two runs are the same in their periods, or before both. */
function isAsLongAgo(one: number, other: number): boolean {
  return Math.min(one, LONGEST_PERIOD) === Math.min(other, LONGEST_PERIOD);
}

/**
 * Notes a period, and repeats it as often as it fits.
 *
 * @returns The place of the first run that is still to be played.
 */
function skip(
  player: Player,
  runs: readonly PoolRun[],
  at: number,
  length: number,
): number {
  let alike = 0;
  while (
    at + alike < runs.length &&
    isAlike(runs, at + alike, at + alike - length)
  ) alike++;
  if (alike < Math.max(FEWEST_RUNS, WORTH_WHILE * length)) return at;
  const [first] = (runs[at] as PoolRun).hands;
  if (first) player.hand(first);
  const { bins } = player.pool;
  const { isHeld } = bins;
  bins.isHeld = true;
  const next = repeat(player, runs, at, length, at + alike);
  bins.isHeld = isHeld;
  return next;
}

/** Notes the period at a place, and repeats it up to another at most. */
function repeat(
  player: Player,
  runs: readonly PoolRun[],
  at: number,
  length: number,
  end: number,
): number {
  const period = new PeriodLog(player).play(runs, at, length);
  let next = at + length;
  if (period === null) return next;
  const repeater = new Repeater(player, period);
  for (; next + length <= end; next += length) {
    const [hand] = (runs[next] as PoolRun).hands;
    if (hand) player.hand(hand);
    if (!repeater.fits(runs, next)) {
      // It has been handed its memory, which is all that a run is given.
      const { instance, stream } = runs[next] as PoolRun;
      if (stream) player.run(instance, stream);
      return next + 1;
    }
    repeater.apply(runs, next);
  }
  return next;
}
