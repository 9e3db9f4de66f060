import { groupDigits } from "../../units/mod.ts";
import type { Segment } from "../record/block.ts";
import type { PartName } from "../../answer/parts.ts";
import type { Stretch } from "../../engines/blocks/schedule.ts";

/** Tensors of one purpose that stand at an instant. */
export interface LiveTensors {
  readonly part: PartName;
  readonly label: string;
  readonly count: number;
  readonly bytes: number;
  /** The bytes as a product, where more is known than their count. */
  readonly terms?: string;
}

/** Bytes as a product: "7,241,732,096 × 2 B". */
export function each(bytes: number, elements: number): string {
  const one = elements === 0 ? 0 : bytes / elements;
  return `${groupDigits(elements)} × ${
    Number.isInteger(one) ? one : Number(one.toPrecision(4))
  } B`;
}

type Tally = Map<string, { count: number; bytes: number }>;

/**
 * What stands after so many stretches and a share of the next one's events,
 * beyond what stood before the first.
 */
export function liveAt(
  stretches: readonly Stretch[],
  index: number,
  event: number,
): LiveTensors[] {
  const all: Tally = new Map();
  for (const [segment, times] of timesOf(stretches, index)) {
    const net: Tally = new Map();
    tally(net, segment, segment.from, segment.to);
    for (const [key, { count, bytes }] of net) {
      plus(all, key, times * count, times * bytes);
    }
  }
  const last = stretches[index]?.segment;
  if (last) tally(all, last, last.from, event);
  return [...all].filter(([, { bytes }]) => bytes !== 0).map(
    ([key, { count, bytes }]) => {
      const [part = "", label = ""] = key.split("|");
      return { part: part as PartName, label, count, bytes };
    },
  ).sort((a, b) => b.bytes - a.bytes);
}

/** How often each recorded segment is among the first stretches. */
function timesOf(
  stretches: readonly Stretch[],
  count: number,
): Map<Segment, number> {
  const times = new Map<Segment, number>();
  for (const { segment } of stretches.slice(0, count)) {
    times.set(segment, (times.get(segment) ?? 0) + 1);
  }
  return times;
}

function tally(into: Tally, { tape }: Segment, from: number, to: number): void {
  const { events, bytes, parts, labels } = tape;
  // Most storages come and go within a segment.
  const standing = new Int8Array(bytes.length);
  for (let at = from; at < to; at++) {
    const event = events[at] as number;
    if (event >= 0) standing[event] = (standing[event] as number) + 1;
    else standing[~event] = (standing[~event] as number) - 1;
  }
  for (let id = 0; id < standing.length; id++) {
    const count = standing[id] as number;
    if (count === 0) continue;
    plus(into, `${parts[id]}|${labels[id]}`, count, count * (bytes[id] ?? 0));
  }
}

function plus(into: Tally, key: string, count: number, bytes: number): void {
  const known = into.get(key);
  if (!known) into.set(key, { count, bytes });
  else {
    known.count += count;
    known.bytes += bytes;
  }
}
