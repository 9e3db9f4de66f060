import type { Act, Instance } from "../../program/act.ts";
import type { Hand, PoolInstance } from "./instance.ts";
import type { Stream } from "./stream.ts";

/** A stretch of one block's events, and what it is handed before. */
export interface PoolRun {
  readonly hands: readonly Hand[];
  readonly instance: PoolInstance;
  /** Null where memory is handed on, and nothing runs. */
  readonly stream: Stream | null;
  /** How many runs ago the same instance ran; Infinity where it has not yet. */
  readonly since: number;
  /** The same of each instance that hands it memory. */
  readonly handed: readonly number[];
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
  const runs: PoolRun[] = [];
  const last = new Map<PoolInstance, number>();
  const since = (instance: PoolInstance): number =>
    runs.length - (last.get(instance) ?? -Infinity);
  for (const act of acts) {
    if (act.act !== "run") continue;
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
    const handed = hands.map(({ from }) => since(from));
    const run = { hands, instance, stream, since: since(instance), handed };
    last.set(instance, runs.length);
    runs.push(run);
  }
  return runs;
}
