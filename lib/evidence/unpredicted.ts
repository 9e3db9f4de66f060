import type { Prediction } from "./predict.ts";

/** Cases that a method could not predict, and the reason that they share. */
export interface Unpredicted {
  method: string;
  reason: string;
  counters: string[];
  ids: string[];
}

/** Gathers what was not predicted by its reason, so that each case is named. */
export function unpredictedOf(
  predictions: readonly Prediction[],
): Unpredicted[] {
  const groups = new Map<
    string,
    { method: string; reason: string; counters: Set<string>; ids: Set<string> }
  >();
  for (const { method, reason, reading, case: { id } } of predictions) {
    if (reason === null) continue;
    const key = JSON.stringify([method, reason]);
    const group = groups.get(key) ??
      { method, reason, counters: new Set(), ids: new Set() };
    group.counters.add(reading.counter);
    group.ids.add(id);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ method, reason, counters, ids }) => ({
    method,
    reason,
    counters: [...counters],
    ids: [...ids],
  }));
}
