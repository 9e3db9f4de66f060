import type { AllocatedBlock, CachingAllocator } from "./allocator.ts";
import type { Block, Segment } from "./block.ts";
import type { Pass } from "./pass.ts";
import type { StorageId } from "./tape.ts";

/** The memory of each storage of a recorded block, while it has any. */
type Held = (AllocatedBlock | null)[];

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
export function expand(
  allocator: CachingAllocator,
  pass: Pass,
): AllocatedBlock[] {
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
  allocator: CachingAllocator,
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
