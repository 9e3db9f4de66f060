import type { Act, Instance } from "../../program/act.ts";
import type { PoolInstance } from "./player.ts";
import type { Stream } from "./stream.ts";

/** Memory that one block hands on to another, by their places. */
export interface Hand {
  readonly from: PoolInstance;
  readonly given: number;
  readonly to: PoolInstance;
  readonly taken: number;
}

/** A stretch of one block's events, and what it is handed before. */
export interface Run {
  readonly hands: readonly Hand[];
  readonly instance: PoolInstance;
  /** Null where memory is handed on, and nothing runs. */
  readonly stream: Stream | null;
}

/**
 * What runs of acts in a row do on a pool.
 *
 * @param find An instance as the pool sees it.
 */
export function runsOf(
  acts: readonly Act[],
  find: (instance: Instance) => PoolInstance,
): Run[] {
  return acts.flatMap((act): Run[] => {
    if (act.act !== "run") return [];
    const { segment, wires } = act;
    const instance = find(act.instance);
    const hands = wires.map(({ from, given, taken }): Hand => {
      const giver = find(from);
      return {
        from: giver,
        given: giver.compiled.placeOf(given),
        to: instance,
        taken: instance.compiled.placeOf(taken),
      };
    });
    const stream = segment.to > segment.from
      ? instance.compiled.streamOf(segment)
      : null;
    return [{ hands, instance, stream }];
  });
}
