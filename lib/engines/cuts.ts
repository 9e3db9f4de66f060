import type { Act, Run } from "../play/program/act.ts";
import type { Segment } from "../play/record/block.ts";
import { segmentOf } from "../play/record/block.ts";
import type { Parameter } from "../play/torch/values.ts";

/** What happens before an event of a block's tape. */
export interface Cut {
  readonly at: number;
  readonly acts: readonly Act[];
}

/** A parameter that a run meets, and before which event of the tape. */
export interface Met {
  readonly parameter: Parameter;
  readonly at: number;
}

/** Cuts runs where an engine acts in their middle; like runs share their pieces. */
export class Cutter {
  readonly #gradients = new Map<Segment, readonly Met[]>();
  readonly #reads = new Map<Segment, readonly Met[]>();

  /** A run with acts between its events, which are given in order. */
  cut(run: Run, cuts: readonly Cut[]): Act[] {
    if (cuts.length === 0) return [run];
    const { from, to } = run.segment;
    const acts: Act[] = [];
    let { wires } = run;
    let begin = from;
    const piece = (end: number): void => {
      if (end === begin && wires.length === 0) return;
      const { act, phase, at, instance, name } = run;
      const segment = pieceOf(run.segment, begin, end);
      acts.push({ act, phase, at, instance, name, segment, wires });
      wires = [];
      begin = end;
    };
    for (const { at, acts: own } of cuts) {
      if (own.length === 0) continue;
      if (at > begin) piece(at);
      for (const each of own) acts.push(each);
    }
    piece(to);
    return acts;
  }

  /** Whose gradients a run completes, in the order in which they are there. */
  gradients({ instance, segment }: Run): readonly Met[] {
    return remembered(
      this.#gradients,
      segment,
      () =>
        instance.block.parameters.flatMap(({ parameter, gradient }) =>
          gradient && gradient.at > segment.from && gradient.at <= segment.to
            ? [{ parameter, at: gradient.at }]
            : []
        ).sort((a, b) => a.at - b.at),
    );
  }

  /** The same, each after the event that gives the gradient to its parameter. */
  taken(run: Run): readonly Met[] {
    return this.gradients(run).map(({ parameter, at }) => ({
      parameter,
      at: Math.min(at + 1, run.segment.to),
    }));
  }

  /** Which parameters a run reads first, in that order. */
  reads({ instance, segment }: Run): readonly Met[] {
    return remembered(
      this.#reads,
      segment,
      () =>
        instance.block.parameters.filter(({ at }) =>
          at >= segment.from && at < segment.to
        ).sort((a, b) => a.at - b.at),
    );
  }
}

/** Cuts a run before an event of its tape; what is empty is left out. */
export function cutRun(run: Run, at: number): [Run | null, Run] {
  const { from, to } = run.segment;
  if (!(at > from && at < to)) return [null, run];
  return [
    { ...run, segment: pieceOf(run.segment, from, at) },
    { ...run, segment: pieceOf(run.segment, at, to), wires: [] },
  ];
}

/** Pieces that segments were cut into. */
const PIECES = new WeakMap<Segment, Map<number, Segment>>();

function pieceOf(segment: Segment, from: number, to: number): Segment {
  const known = remembered(PIECES, segment, () => new Map<number, Segment>());
  return remembered(
    known,
    // There are far fewer events.
    from * 2 ** 26 + to,
    () => segmentOf(segment.tape, from, to),
  );
}

function remembered<K, V>(
  known: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const value = known.get(key);
  if (value !== undefined) return value;
  const made = make();
  known.set(key, made);
  return made;
}
