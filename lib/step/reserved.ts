import type { AllocatedBlock } from "./allocator.ts";
import { CachingAllocator } from "./allocator.ts";
import type { Block, Segment } from "./block.ts";
import { statePrecision, statesOf } from "./optimizer/rules.ts";
import type { PartName } from "./parts.ts";
import type { Pass } from "./pass.ts";
import type { Step } from "./step.ts";
import { roundedBytes } from "./tape.ts";

/** Memory blocks by the storages of one recorded block that hold them. */
type Held = (AllocatedBlock | undefined)[];

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
  for (const bytes of step.plan.loaded()) {
    if (bytes > 0) allocator.allocate(bytes);
  }
  for (const { part, count, bytes } of step.resident) {
    if (!BESIDE_MODEL.has(part)) continue;
    for (let at = 0; at < count; at++) allocator.allocate(bytes / count);
  }
  for (const isFirst of [true, false]) {
    const gradients = step.passes.flatMap((pass) => expand(allocator, pass));
    optimizerStep(allocator, step, isFirst);
    for (const gradient of gradients) allocator.release(gradient);
  }
  const allocated = allocator.allocatedPeak;
  if (!allocator.overflowed) return { reserved: allocator.peak, allocated };
  // Measured runs filled a GPU to this share with tensors before they failed.
  return step.peak.bytes <= FILLABLE * capacity
    ? { reserved: Math.round(capacity), allocated }
    : allocatorPeaks(step);
}

/**
 * The share of a GPU that tensors can fill: FMS's full fine-tuning of Mistral-7B
 * on an A100-80GB ran with 75.3 of 84.5 GB and more allocated, and the allocator
 * gives cached memory back before it gives up.
 */
const FILLABLE = 0.95;

/** Runs a pass; gives back the blocks that stay: gradients. */
function expand(
  allocator: CachingAllocator,
  { vision, encoder, embedding, layers, head }: Pass,
): AllocatedBlock[] {
  const before = [...vision, ...encoder];
  const blocks: Block[] = [...before, embedding, ...layers, head];
  const held: Held[] = blocks.map(() => []);
  const play = (segment: Segment, at: number) => {
    const own = held[at] ?? [];
    const { tape } = segment;
    for (let event = segment.from; event < segment.to; event++) {
      const id = tape.events[event] ?? 0;
      if (id >= 0) own[id] = allocator.allocate(tape.bytes[id] ?? 0);
      else {
        const block = own[~id];
        if (block) allocator.release(block);
        own[~id] = undefined;
      }
    }
  };
  const last = blocks.length - 1;
  const finish = (from: number, to: number) => {
    for (let at = from; at < to; at++) {
      const segment = blocks[at]?.done;
      if (segment) play(segment, at);
    }
  };
  const hand = (from: number, to: number, ids: "forward" | "backward") => {
    const [own, next] = [blocks[from], blocks[to]];
    const given = (ids === "forward" ? own?.output : own?.gradIn) ?? null;
    const taken = (ids === "forward" ? next?.input : next?.gradOut) ?? null;
    const [source, target] = [held[from], held[to]];
    if (given === null || taken === null || !source || !target) return;
    target[taken] = source[given];
    source[given] = undefined;
  };
  const handTied = (from: number, to: number) => {
    const given = blocks[from]?.tiedGrad ?? null;
    const taken = blocks[to]?.tiedGrad ?? null;
    const [source, target] = [held[from], held[to]];
    if (given === null || taken === null || !source || !target) return;
    target[taken] = source[given];
    source[given] = undefined;
  };
  const carried = new Map<string, { at: number; id: number }>();
  const take = ({ carried: all = [] }: Block, at: number) => {
    for (const { name, taken } of all) {
      const from = carried.get(name);
      const [source, target] = [held[from?.at ?? -1], held[at]];
      if (!from || taken === null || !source || !target) continue;
      const block = source[from.id];
      source[from.id] = undefined;
      target[taken] = block;
    }
  };
  const give = ({ carried: all = [] }: Block, at: number) => {
    for (const { name, given } of all) {
      if (given !== null) carried.set(name, { at, id: given });
    }
  };
  for (const [at, block] of blocks.entries()) {
    if (at > 0) hand(at - 1, at, "forward");
    if (at === before.length) finish(vision.length, at);
    if (at === last) finish(before.length, at);
    play(block.forward, at);
  }
  for (const [at, block] of blocks.entries()) play(block.exit, at);
  play(head.dropped, last);
  for (let at = last; at >= 0; at--) {
    if (at < last) hand(at + 1, at, "backward");
    if (at === before.length) handTied(last, at);
    const block = blocks[at];
    if (!block) continue;
    take(block, at);
    play(block.backward, at);
    give(block, at);
  }
  return held.flat().filter((block) => block !== undefined);
}

/** States are made in the first step; foreach makes its temporaries of all. */
function optimizerStep(
  allocator: CachingAllocator,
  { plan, rule, implementation }: Step,
  isFirst: boolean,
): void {
  const take = (bytes: number) =>
    bytes > 0 ? [allocator.allocate(roundedBytes(bytes))] : [];
  const precision = statePrecision(plan.scenario.precision);
  if (isFirst) {
    for (const tensor of plan.trained) {
      const states = statesOf(rule, implementation, tensor, precision);
      for (let copy = tensor.copies; copy > 0; copy--) states.forEach(take);
    }
  }
  if (plan.scenario.optimizer.in_backward || rule.inBackward) return;
  if (implementation === "foreach") {
    const many = plan.trained.flatMap((tensor) =>
      Array.from({ length: tensor.copies }, () => take(rule.foreach(tensor)))
        .flat()
    );
    for (const block of many) allocator.release(block);
  } else if (implementation === "for-loop") {
    for (const tensor of plan.trained) {
      for (const block of take(rule.own(tensor))) allocator.release(block);
    }
  }
}
