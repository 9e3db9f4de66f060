import type { Act, Collective, Instance, Run } from "../play/program/act.ts";
import type { PassActs } from "../play/program/pass.ts";
import type { Segment } from "../play/record/block.ts";

/**
 * Acts with what runs exchange of hidden states: each run is followed by its own.
 *
 * @param timesOf Micro-batches of a step that an instance stands for.
 */
export function withExchanges(
  acts: readonly Act[],
  timesOf: (instance: Instance) => number,
): Act[] {
  const known = new Map<Segment, ReturnType<typeof exchangesIn>>();
  return acts.flatMap((act): Act[] => {
    if (act.act !== "run") return [act];
    const own = known.get(act.segment) ?? exchangesIn(act.segment);
    known.set(act.segment, own);
    const micros = timesOf(act.instance);
    return [act, ...own.map((each) => exchanged(act, each, micros))];
  });
}

type Exchanged = Omit<Collective, "act" | "phase" | "at">;

function exchanged(
  { phase, at }: Run,
  what: Exchanged,
  micros: number,
): Collective {
  return {
    act: "collective",
    phase,
    at,
    ...what,
    times: micros * what.times,
  };
}

/** What a segment exchanges; what is alike is counted. */
function exchangesIn({ tape, from, to }: Segment): Exchanged[] {
  const alike = new Map<string, Exchanged>();
  for (const [at, own] of tape.exchanges) {
    if (at < from || at >= to) continue;
    const { collective, group, bytes, what } = own;
    const key = `${collective}|${group}|${bytes}|${what}`;
    const before = alike.get(key)?.times ?? 0;
    alike.set(key, { ...own, times: before + own.times });
  }
  return [...alike.values()];
}

/**
 * How many micro-batches of a step the instances of each pass stand for, where the
 * second stands for all those between the first and the last.
 */
export function microBatchesBy(
  passes: readonly PassActs[],
  micros: number,
): (instance: Instance) => number {
  const between = new Set(passes[passes.length > 1 ? 1 : 0]?.instances);
  const times = micros - passes.length + 1;
  return (instance) => between.has(instance) ? times : 1;
}
