import type { AllocatedBlock } from "./allocator.ts";
import { CachingAllocator } from "./allocator.ts";
import { expand } from "./expand.ts";
import { statePrecision, statesOf } from "./optimizer/rules.ts";
import type { PartName } from "./parts.ts";
import type { Step } from "./step.ts";
import { roundedBytes } from "./tape.ts";

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
}

/**
 * Plays the first two steps on PyTorch's allocator.
 *
 * @param capacity Bytes that it can have before it gives cached ones back.
 */
export function allocatorPeaks(
  step: Step,
  capacity = Infinity,
): AllocatorPeaks {
  const allocator = new CachingAllocator(capacity);
  // Measured runs filled a GPU to this share with tensors before they failed.
  const fits = step.peak.bytes <= FILLABLE * capacity;
  load(allocator, step);
  for (const isFirst of [true, false]) {
    // What the rest of a run does that has failed is nobody's question.
    if (allocator.overflowed && !fits) break;
    const gradients = step.passes.flatMap((pass) => expand(allocator, pass));
    if (isFirst) makeStates(allocator, step);
    makeTemporaries(allocator, step);
    for (const gradient of gradients) allocator.release(gradient);
  }
  const allocated = allocator.allocatedPeak;
  if (!allocator.overflowed) return { reserved: allocator.peak, allocated };
  return fits
    ? { reserved: Math.round(capacity), allocated }
    : allocatorPeaks(step);
}

/**
 * The share of a GPU that tensors can fill: FMS's full fine-tuning of Mistral-7B
 * on an A100-80GB ran with 75.3 of 84.5 GB and more allocated, and the allocator
 * gives cached memory back before it gives up.
 */
export const FILLABLE = 0.95;

/** Loads the model and what else stands all the time. */
function load(allocator: CachingAllocator, { plan, resident }: Step): void {
  for (const bytes of plan.loaded()) {
    if (bytes > 0) allocator.allocate(bytes);
  }
  for (const { part, count, bytes } of resident) {
    if (!BESIDE_MODEL.has(part)) continue;
    for (let at = 0; at < count; at++) allocator.allocate(bytes / count);
  }
}

/** States are made in the first step, and stay. */
function makeStates(
  allocator: CachingAllocator,
  { plan, rule, implementation }: Step,
): void {
  const precision = statePrecision(plan.scenario.precision);
  for (const tensor of plan.trained) {
    const states = statesOf(rule, implementation, tensor, precision)
      .map(roundedBytes).filter((bytes) => bytes > 0);
    for (let copy = tensor.copies; copy > 0; copy--) {
      for (const bytes of states) allocator.allocate(bytes);
    }
  }
}

/** foreach makes its temporaries of all tensors at once, a loop one by one. */
function makeTemporaries(
  allocator: CachingAllocator,
  { plan, rule, implementation }: Step,
): void {
  if (plan.scenario.optimizer.in_backward || rule.inBackward) return;
  const made: AllocatedBlock[] = [];
  for (const tensor of plan.trained) {
    if (implementation === "foreach") {
      const bytes = roundedBytes(rule.foreach(tensor));
      if (bytes === 0) continue;
      for (let copy = tensor.copies; copy > 0; copy--) {
        made.push(allocator.allocate(bytes));
      }
    } else if (implementation === "for-loop") {
      const bytes = roundedBytes(rule.own(tensor));
      if (bytes > 0) allocator.release(allocator.allocate(bytes));
    }
  }
  for (const block of made) allocator.release(block);
}
