import type { Act, Instance } from "../../program/act.ts";
import type { Hand, PoolInstance } from "./instance.ts";
import type { Stream } from "./stream.ts";

/** A stretch of one block's events, and what it is handed before. */
export interface PoolRun {
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
): PoolRun[] {
  return acts.flatMap((act): PoolRun[] => {
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
