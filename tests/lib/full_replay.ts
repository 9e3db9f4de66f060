import { CachingAllocator } from "./caching_allocator.ts";
import type { Block, Segment } from "../../lib/play/record/block.ts";
import { statePrecision, statesOf } from "../../lib/optimizers/rules.ts";
import type { Pass } from "../../lib/engines/blocks/pass.ts";
import type { AllocatorPeaks } from "../../lib/play/readers/allocator/peaks.ts";
import type { Step } from "../../lib/engines/step.ts";
import type { StorageId } from "../../lib/play/memory/tape.ts";
import { roundedBytes } from "../../lib/play/memory/tape.ts";

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
class Watched {
  readonly #allocator: AnyAllocator;
  allocated = 0;

  constructor(allocator: AnyAllocator) {
    this.#allocator = allocator;
  }

  get reserved(): number {
    return this.#allocator.reserved;
  }

  allocate(bytes: number): Memory {
    const memory = this.#allocator.allocate(bytes);
    this.allocated = Math.max(this.allocated, this.#allocator.allocated);
    return memory;
  }

  release(memory: Memory): void {
    this.#allocator.release(memory);
  }
}

/** What stands all the time beside the model and the optimizer's states. */
const BESIDE_MODEL = new Set([
  "buffers",
  "kernel workspaces",
  "inputs",
  "logits and loss",
]);

/**
 * What `allocatorPeaks` gives, by playing every event of every layer on one
 * allocator of both pools.
 */
export function fullReplay(
  step: Step,
  kind: AnyAllocator = new CachingAllocator(),
): Pick<AllocatorPeaks, "reserved" | "allocated"> {
  const { plan, rule, implementation } = step;
  const allocator = new Watched(kind);
  for (const bytes of plan.loaded()) if (bytes > 0) allocator.allocate(bytes);
  for (const { part, count, bytes } of step.resident) {
    if (!BESIDE_MODEL.has(part)) continue;
    for (let at = 0; at < count; at++) allocator.allocate(bytes / count);
  }
  for (const isFirst of [true, false]) {
    const gradients = step.passes.flatMap((pass) => expand(allocator, pass));
    const precision = statePrecision(plan.scenario.precision);
    for (const tensor of isFirst ? plan.trained : []) {
      const states = statesOf(rule, implementation, tensor, precision)
        .map(roundedBytes).filter((bytes) => bytes > 0);
      for (let copy = tensor.copies; copy > 0; copy--) {
        for (const bytes of states) allocator.allocate(bytes);
      }
    }
    makeTemporaries(allocator, step);
    for (const gradient of gradients) allocator.release(gradient);
  }
  return { reserved: allocator.reserved, allocated: allocator.allocated };
}

function makeTemporaries(
  allocator: Watched,
  { plan, rule, implementation }: Step,
): void {
  if (plan.scenario.optimizer.in_backward || rule.inBackward) return;
  const made: Memory[] = [];
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

/** The memory of each storage of a recorded block, while it has any. */
type Held = (Memory | null)[];

/** A block of the pass: how it was recorded, and its own memory. */
interface Played {
  readonly block: Block;
  readonly held: Held;
}

/**
 * Runs a pass on an allocator, each block by itself.
 *
 * @returns The memory that stays: gradients.
 */
function expand(
  allocator: Watched,
  pass: Pass,
): Memory[] {
  const vision = pass.vision.map(playedOf);
  const encoder = pass.encoder.map(playedOf);
  const embedding = playedOf(pass.embedding);
  const layers = pass.layers.map(playedOf);
  const head = playedOf(pass.head);
  const all = [...vision, ...encoder, embedding, ...layers, head];
  const run = ({ held }: Played, segment: Segment | undefined) => {
    if (segment) play(allocator, segment, held);
  };

  let before: Played | null = null;
  for (const next of all) {
    if (before) {
      hand(before.held, before.block.output, next.held, next.block.input);
    }
    const done = next === embedding
      ? encoder
      : next === head
      ? [embedding, ...layers]
      : [];
    if (next === head) run(head, pass.head.body);
    for (const each of done) run(each, each.block.done);
    run(next, next.block.forward);
    before = next;
  }
  for (const each of all) run(each, each.block.exit);
  run(head, pass.head.dropped);

  before = null;
  const carried = new Map<string, { held: Held; given: StorageId }>();
  for (const next of all.toReversed()) {
    if (before) {
      hand(before.held, before.block.gradIn, next.held, next.block.gradOut);
    }
    if (next === embedding) {
      hand(head.held, pass.head.tiedGrad, next.held, pass.embedding.tiedGrad);
    }
    for (const { name, taken } of next.block.carried ?? []) {
      const from = carried.get(name);
      if (from) hand(from.held, from.given, next.held, taken);
    }
    run(next, next.block.backward);
    for (const { name, given } of next.block.carried ?? []) {
      if (given !== null) carried.set(name, { held: next.held, given });
    }
    before = next;
  }
  return all.flatMap(({ held }) => held.filter((memory) => memory !== null));
}

function playedOf(block: Block): Played {
  const storages = block.forward.tape.bytes.length;
  return { block, held: new Array<null>(storages).fill(null) };
}

function play(
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

/** Blocks share storages: what one allocates, another frees. */
function hand(
  from: Held,
  given: StorageId | null | undefined,
  to: Held,
  taken: StorageId | null | undefined,
): void {
  if (typeof given !== "number" || typeof taken !== "number") return;
  to[taken] = from[given] ?? null;
  from[given] = null;
}
