import type { AllocatedBlock, CachingAllocator } from "./allocator.ts";
import type { Block, Segment } from "./block.ts";
import type { Pass } from "./pass.ts";
import type { StorageId } from "./tape.ts";

/** The memory of each storage of a recorded block, while it has any. */
type Held = (AllocatedBlock | null)[];

/** A layer of the pass: how it was recorded, and its own memory. */
interface Played {
  readonly block: Block;
  readonly held: Held;
}

/**
 * Runs a pass on an allocator, each layer by itself.
 *
 * @returns The blocks that stay: gradients.
 */
export function expand(
  allocator: CachingAllocator,
  { vision, embedding, layers, head }: Pass,
): AllocatedBlock[] {
  const first = playedOf(embedding);
  const last = playedOf(head);
  const all = [
    ...vision.map(playedOf),
    first,
    ...layers.map(playedOf),
    last,
  ];
  let before: Played | null = null;
  for (const next of all) {
    if (before) {
      hand(before.held, before.block.output, next.held, next.block.input);
    }
    play(allocator, next.block.forward, next.held);
    before = next;
  }
  for (const { block, held } of all) play(allocator, block.exit, held);
  play(allocator, head.dropped, last.held);
  before = null;
  for (const next of all.toReversed()) {
    if (before) {
      hand(before.held, before.block.gradIn, next.held, next.block.gradOut);
    }
    if (next === first) {
      hand(last.held, head.tiedGrad, first.held, embedding.tiedGrad);
    }
    play(allocator, next.block.backward, next.held);
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

/** Neighbours share storages: what one allocates, the other frees. */
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
