import type { Act, Collective, Instance } from "../play/program/act.ts";
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
  const all: Act[] = [];
  for (const act of acts) {
    all.push(act);
    if (act.act !== "run") continue;
    const own = exchangesIn(act.segment);
    if (own.length === 0) continue;
    const { phase, at } = act;
    const micros = timesOf(act.instance);
    for (const { collective, group, bytes, times, what } of own) {
      all.push({
        act: "collective",
        phase,
        at,
        collective,
        group,
        bytes,
        times: micros * times,
        what,
      });
    }
  }
  return all;
}

type Exchanged = Omit<Collective, "act" | "phase" | "at">;

/** Of segments that were asked about. */
const KNOWN = new WeakMap<Segment, readonly Exchanged[]>();

function exchangesIn(segment: Segment): readonly Exchanged[] {
  const known = KNOWN.get(segment);
  if (known) return known;
  const made = alikeIn(segment);
  KNOWN.set(segment, made);
  return made;
}

/** What a segment exchanges; what is alike is counted. */
function alikeIn({ tape, from, to }: Segment): Exchanged[] {
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
