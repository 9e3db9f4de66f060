import { Player } from "../memory/allocator/player.ts";
import { playRuns } from "../memory/allocator/repeats.ts";
import { runsOf } from "../memory/allocator/runs.ts";
import type { PoolSizes } from "../memory/allocator/sizes.ts";
import { LARGE_POOL, SMALL_POOL, UNIT } from "../memory/allocator/sizes.ts";
import { compiler } from "../memory/allocator/stream.ts";
import { statePrecision, statesOf } from "../../optimizers/rules.ts";
import { MAX_REPLAYED_EVENTS, MAX_REPLAYED_LAYERS } from "../memory/limits.ts";
import type { PartName } from "../../answer/parts.ts";
import type { Step } from "../../engines/step.ts";
import { roundedBytes } from "../memory/tape.ts";

/** What stands all the time beside the model and the optimizer's states. */
const BESIDE_MODEL: ReadonlySet<PartName> = new Set([
  "buffers",
  "kernel workspaces",
  "inputs",
  "logits and loss",
]);

/** What PyTorch's allocator counts at most over the first two steps, in bytes. */
export interface AllocatorPeaks {
  /** What it took from the driver. */
  readonly reserved: number;
  /** Blocks in use; a large one is not cut where less than 1 MiB would be left. */
  readonly allocated: number;
  /** What of the reserved bytes is for requests of up to 1 MiB. */
  readonly small: number;
}

/** Whether a step is too long to be played on the allocator. */
export function isTooLong({ events, passes }: Step): boolean {
  return events > MAX_REPLAYED_EVENTS ||
    passes.some(({ vision, encoder, layers }) =>
      vision.length + encoder.length + layers.length > MAX_REPLAYED_LAYERS
    );
}

/**
 * Bytes that the allocator takes of a GPU: where that has less than the allocator
 * would like, but enough for the tensors, cached memory goes back to the driver.
 *
 * @param peaks The step's, where there is no limit.
 * @param capacity Bytes that it can have.
 */
export function reservedWithin(
  step: Step,
  { reserved, small }: AllocatorPeaks,
  capacity: number,
): number {
  if (reserved <= capacity || step.peak.bytes > FILLABLE * capacity) {
    return reserved;
  }
  if (isTooLong(step)) return Math.round(capacity);
  const { pool } = play(
    step,
    countsOf(step.plan.loaded()),
    { ...LARGE_POOL, repeats: false },
    (capacity - small) / UNIT,
  );
  return Math.min(Math.round(capacity), UNIT * pool.peak + small);
}

/**
 * The share of a GPU that tensors can fill: FMS's full fine-tuning of Mistral-7B
 * on an A100-80GB ran with 75.3 of 84.5 GB and more allocated, and the allocator
 * gives cached memory back before it gives up.
 */
export const FILLABLE = 0.95;

/**
 * Plays the first two steps on PyTorch's allocator, each of its pools by itself,
 * where the GPU has no limit. A step of too many events is not played again: the
 * allocator is taken to cache nothing.
 */
export function allocatorPeaks(step: Step): AllocatorPeaks {
  if (isTooLong(step)) {
    const { bytes } = step.peak;
    return { reserved: bytes, allocated: bytes, small: 0 };
  }
  const loaded = countsOf(step.plan.loaded());
  const large = play(step, loaded, LARGE_POOL);
  const small = play(step, loaded, SMALL_POOL);
  return {
    reserved: UNIT * (large.pool.reserved + small.pool.reserved),
    // Blocks of the small pool are as long as what was asked for.
    allocated: UNIT * large.peak,
    small: UNIT * small.pool.reserved,
  };
}

/** A number of bytes, and how often it comes up in a row. */
type Repeated = readonly [bytes: number, times: number];

function countsOf(sizes: readonly number[]): Repeated[] {
  const counts: [bytes: number, times: number][] = [];
  for (const bytes of sizes) {
    const last = counts.at(-1);
    if (last?.[0] === bytes) last[1]++;
    else if (bytes > 0) counts.push([bytes, 1]);
  }
  return counts;
}

function play(
  step: Step,
  loaded: readonly Repeated[],
  sizes: PoolSizes,
  capacity = Infinity,
): Player {
  const player = new Player(sizes, capacity);
  const compiled = compiler(player.pool);
  for (const [bytes, times] of loaded) player.take(bytes, times);
  for (const { part, count, bytes } of step.resident) {
    if (BESIDE_MODEL.has(part)) player.take(bytes / count, count);
  }
  for (const isFirst of [true, false]) {
    const { others } = player;
    const gradients = step.passes.map((pass) => {
      const { vision, encoder, embedding, layers, head } = pass;
      const all = player.open(
        [...vision, ...encoder, embedding, ...layers, head].map(compiled),
      );
      playRuns(player, runsOf(pass, all));
      return player.memory;
    });
    const held = player.others - others;
    if (isFirst) makeStates(player, step);
    makeTemporaries(player, step);
    for (const memory of gradients) player.close(memory);
    player.others -= held;
  }
  return player;
}

/** States are made in the first step, and stay. */
function makeStates(
  player: Player,
  { plan, rule, implementation }: Step,
): void {
  const precision = statePrecision(plan.scenario.precision);
  for (const tensor of plan.trained) {
    const states = countsOf(
      statesOf(rule, implementation, tensor, precision).map(roundedBytes),
    );
    const [only] = states;
    if (only && states.length === 1) {
      player.take(only[0], only[1] * tensor.copies);
      continue;
    }
    for (let copy = tensor.copies; copy > 0; copy--) {
      for (const [bytes, times] of states) player.take(bytes, times);
    }
  }
}

/** foreach makes its temporaries of all tensors at once, a loop one by one. */
function makeTemporaries(
  player: Player,
  { plan, rule, implementation }: Step,
): void {
  if (plan.scenario.optimizer.in_backward || rule.inBackward) return;
  const made: [bytes: number, times: number, blocks: number[]][] = [];
  for (const tensor of plan.trained) {
    const blocks: number[] = [];
    if (implementation === "foreach") {
      const bytes = roundedBytes(rule.foreach(tensor));
      if (bytes === 0) continue;
      player.take(bytes, tensor.copies, blocks);
      made.push([bytes, tensor.copies, blocks]);
    } else if (implementation === "for-loop") {
      const bytes = roundedBytes(rule.own(tensor));
      if (bytes === 0) continue;
      player.take(bytes, 1, blocks);
      player.release(bytes, 1, blocks);
    }
  }
  for (const [bytes, times, blocks] of made) {
    player.release(bytes, times, blocks);
  }
}
