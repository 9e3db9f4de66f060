import type { Segment } from "../../record/block.ts";
import type { Pass } from "../../../engines/blocks/pass.ts";
import type { StorageId } from "../tape.ts";
import type { Instance } from "./player.ts";
import type { Stream } from "./stream.ts";

/** Memory that one block hands on to another, by their places. */
export interface Hand {
  readonly from: Instance;
  readonly given: number;
  readonly to: Instance;
  readonly taken: number;
}

/** A stretch of one block's events, and what it is handed before. */
export interface Run {
  readonly hands: readonly Hand[];
  readonly instance: Instance;
  /** Null where memory is handed on, and nothing runs. */
  readonly stream: Stream | null;
}

/**
 * All that a pass does, in order.
 *
 * @param all Its blocks in the order in which they run forward.
 */
export function runsOf(
  { vision, encoder, embedding, layers, head }: Pass,
  all: readonly Instance[],
): Run[] {
  const entry = vision.length + encoder.length;
  const first = all[entry] as Instance;
  const last = all.at(-1) as Instance;
  const runs: Run[] = [];
  const run = (
    instance: Instance,
    segment: Segment | undefined,
    hands: readonly Hand[] = [],
  ): void => {
    const stream = segment && segment.to > segment.from
      ? instance.compiled.streamOf(segment)
      : null;
    if (stream || hands.length > 0) runs.push({ hands, instance, stream });
  };

  let before: Instance | null = null;
  for (const next of all) {
    const { block } = next.compiled;
    const hands = before
      ? handOf(before, before.compiled.block.output, next, block.input)
      : [];
    const done = next === first
      ? all.slice(vision.length, entry)
      : next === last
      ? all.slice(entry, entry + 1 + layers.length)
      : [];
    if (done.some(({ compiled }) => compiled.block.done)) {
      run(next, next === last ? head.body : undefined, hands);
      for (const each of done) run(each, each.compiled.block.done);
      run(next, block.forward);
    } else if (next === last) {
      run(next, head.body, hands);
      run(next, block.forward);
    } else run(next, block.forward, hands);
    before = next;
  }
  for (const each of all) run(each, each.compiled.block.exit);
  run(last, head.dropped);

  before = null;
  const carried = new Map<string, { from: Instance; given: StorageId }>();
  for (const next of all.toReversed()) {
    const { block } = next.compiled;
    const hands = before
      ? handOf(before, before.compiled.block.gradIn, next, block.gradOut)
      : [];
    if (next === first) {
      hands.push(...handOf(last, head.tiedGrad, next, embedding.tiedGrad));
    }
    for (const { name, taken, given } of block.carried ?? []) {
      const known = carried.get(name);
      if (known) hands.push(...handOf(known.from, known.given, next, taken));
      if (given !== null) carried.set(name, { from: next, given });
    }
    run(next, block.backward, hands);
    before = next;
  }
  return runs;
}

function handOf(
  from: Instance,
  given: StorageId | null | undefined,
  to: Instance,
  taken: StorageId | null | undefined,
): Hand[] {
  return typeof given === "number" && typeof taken === "number"
    ? [{
      from,
      given: from.compiled.placeOf(given),
      to,
      taken: to.compiled.placeOf(taken),
    }]
    : [];
}
