import type { AllocatedBlock } from "./allocator.ts";
import { CachingAllocator } from "./allocator.ts";
import type { Block, Segment } from "./block.ts";
import { DTYPE_BYTES } from "./dtype.ts";
import type { Trained } from "./optimizer/rules.ts";
import type { PartName } from "./parts.ts";
import type { Pass } from "./pass.ts";
import type { Step } from "./step.ts";
import { implementationOf } from "./step.ts";
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
  // A GPU that is too small is judged by what the step would take elsewhere.
  return allocator.overflowed
    ? allocatorPeaks(step)
    : { reserved: allocator.peak, allocated: allocator.allocatedPeak };
}

/** Runs a pass; gives back the blocks that stay: gradients. */
function expand(
  allocator: CachingAllocator,
  { vision, embedding, layers, head }: Pass,
): AllocatedBlock[] {
  const blocks: Block[] = [...vision, embedding, ...layers, head];
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
  const hand = (from: number, to: number, ids: "forward" | "backward") => {
    const [own, next] = [blocks[from], blocks[to]];
    const given = ids === "forward" ? own?.output : own?.gradIn;
    const taken = ids === "forward" ? next?.input : next?.gradOut;
    const [source, target] = [held[from], held[to]];
    if (
      given === null || given === undefined || taken === null ||
      taken === undefined || !source || !target
    ) return;
    target[taken] = source[given];
    source[given] = undefined;
  };
  for (const [at, block] of blocks.entries()) {
    if (at > 0) hand(at - 1, at, "forward");
    play(block.forward, at);
  }
  for (const [at, block] of blocks.entries()) play(block.exit, at);
  const last = blocks.length - 1;
  play(head.dropped, last);
  for (let at = last; at >= 0; at--) {
    if (at < last) hand(at + 1, at, "backward");
    const block = blocks[at];
    if (block) play(block.backward, at);
  }
  return held.flat().filter((block) => block !== undefined);
}

/** States are made in the first step; foreach makes its temporaries of all. */
function optimizerStep(
  allocator: CachingAllocator,
  { plan, rule }: Step,
  isFirst: boolean,
): void {
  if (isFirst) {
    for (const tensor of plan.trained) {
      const states = rule.states(tensor).map(roundedBytes);
      for (let copy = tensor.copies; copy > 0; copy--) {
        for (const bytes of states) if (bytes > 0) allocator.allocate(bytes);
      }
    }
  }
  const { optimizer } = plan.scenario;
  if (optimizer.in_backward) return;
  const how = implementationOf(plan.scenario);
  if (how === "foreach") {
    const many = plan.trained.flatMap((tensor) =>
      temporariesOf(allocator, tensor, rule.temporaries.foreach * tensor.copies)
    );
    for (const block of many) allocator.release(block);
  } else if (how === "for-loop") {
    for (const tensor of plan.trained) {
      const one = temporariesOf(allocator, tensor, rule.temporaries.loop);
      for (const block of one) allocator.release(block);
    }
  }
}

function temporariesOf(
  allocator: CachingAllocator,
  { elements, dtype }: Trained,
  count: number,
): AllocatedBlock[] {
  const bytes = roundedBytes(elements * DTYPE_BYTES[dtype]);
  return Array.from(
    { length: bytes > 0 ? count : 0 },
    () => allocator.allocate(bytes),
  );
}
