import type { AllocatedBlock } from "./allocator.ts";
import { CachingAllocator } from "./allocator.ts";
import type { Block, Segment } from "./block.ts";
import { statePrecision, statesOf } from "./optimizer/rules.ts";
import type { Pass } from "./pass.ts";
import type { Step } from "./step.ts";
import { roundedBytes } from "./tape.ts";

/** Memory blocks by the storages of one recorded block that hold them. */
type Held = (AllocatedBlock | undefined)[];

/**
 * What PyTorch's allocator takes from the driver over the first two steps.
 *
 * @param capacity Bytes that it can have before it gives cached ones back.
 */
export function reservedPeak(step: Step, capacity = Infinity): number {
  const allocator = new CachingAllocator(capacity);
  for (const bytes of step.plan.loaded()) {
    if (bytes > 0) allocator.allocate(bytes);
  }
  for (const { label, count, bytes } of step.resident) {
    if (label !== "cuBLAS workspace") continue;
    for (let at = 0; at < count; at++) allocator.allocate(bytes / count);
  }
  for (const isFirst of [true, false]) {
    const gradients = step.passes.flatMap((pass) => expand(allocator, pass));
    optimizerStep(allocator, step, isFirst);
    for (const gradient of gradients) allocator.release(gradient);
  }
  // A GPU that is too small is judged by what the step would take elsewhere.
  return allocator.overflowed ? reservedPeak(step) : allocator.peak;
}

/** Runs a pass; gives back the blocks that stay: gradients. */
function expand(
  allocator: CachingAllocator,
  { embedding, layers, head }: Pass,
): AllocatedBlock[] {
  const blocks: Block[] = [embedding, ...layers, head];
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
  const handTied = (from: number, to: number) => {
    const [given, taken] = [blocks[from]?.tiedGrad, blocks[to]?.tiedGrad];
    const [source, target] = [held[from], held[to]];
    if (given === null || given === undefined) return;
    if (taken === null || taken === undefined || !source || !target) return;
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
    if (at === 0) handTied(last, at);
    const block = blocks[at];
    if (block) play(block.backward, at);
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
