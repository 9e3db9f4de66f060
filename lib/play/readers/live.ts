import type { PartName } from "../../answer/parts.ts";
import { groupDigits } from "../../units/mod.ts";
import type { Act, Instance, Program } from "../program/act.ts";
import type { Buffer, Group } from "../program/buffer.ts";
import type { Segment } from "../record/block.ts";

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

/** What stands when a later step begins, by purpose. */
export function standingOf(program: Program): LiveTensors[] {
  return tensorsOf(standingBuffers(program));
}

function standingBuffers({ load, first }: Program): Times<Buffer> {
  const buffers = new Times<Buffer>();
  for (const act of load) takeOrFree(buffers, act);
  for (const act of first) takeOrFree(buffers, act);
  return buffers;
}

/**
 * What stands within a later step, largest first.
 *
 * @param index The act within which the instant is.
 * @param event Up to where the events of what it runs have happened.
 */
export function liveAt(
  program: Program,
  index: number,
  event: number,
): LiveTensors[] {
  const { step } = program;
  // A step may free what stands when it begins.
  const buffers = standingBuffers(program);
  const ran = new Map<Instance, Segment[]>();
  const act = step[index];
  const isRun = act?.act === "run";
  const done = step.slice(0, isRun ? index : index + 1);
  for (const each of done) {
    if (each.act === "run") {
      const own = ran.get(each.instance);
      if (own) own.push(each.segment);
      else ran.set(each.instance, [each.segment]);
    } else if (each.act === "clear") {
      for (const instance of each.instances) ran.delete(instance);
    } else takeOrFree(buffers, each);
  }
  const segments = new Times<Segment>();
  for (const segment of [...ran.values()].flat()) segments.add(segment, 1);
  const held = act?.phase === "optimizer" && ran.size > 0
    ? heldUntil(step.slice(done.length))
    : tallied(segments, isRun ? act.segment : null, event);
  return [...tensorsOf(buffers), ...held]
    .filter(({ bytes }) => bytes !== 0).sort((a, b) => b.bytes - a.bytes);
}

/** What passes leave behind, as the optimizer sees it: what goes after it. */
function heldUntil(later: readonly Act[]): LiveTensors[] {
  return later.flatMap((act) =>
    act.act === "clear" ? [tensorsOfGroup(act.group, act.bytes)] : []
  );
}

/** How often things have happened, in the order in which they first did. */
class Times<T> extends Map<T, number> {
  add(what: T, times: number): void {
    this.set(what, (this.get(what) ?? 0) + times);
  }
}

function takeOrFree(buffers: Times<Buffer>, act: Act): void {
  if (act.act === "take") buffers.add(act.buffer, 1);
  else if (act.act === "free") buffers.add(act.buffer, -1);
}

function tensorsOf(buffers: Times<Buffer>): LiveTensors[] {
  const groups = new Times<Group>();
  for (const [{ pieces, copies }, times] of buffers) {
    for (const { group, bytes, count } of pieces) {
      groups.add(group, times * copies * bytes * count);
    }
  }
  return [...groups].filter(([, bytes]) => bytes > 0).map(([group, bytes]) =>
    tensorsOfGroup(group, bytes)
  );
}

function tensorsOfGroup(
  { part, label, count, elements }: Group,
  bytes: number,
): LiveTensors {
  const live = { part, label, count, bytes };
  return elements === null ? live : { ...live, terms: each(bytes, elements) };
}

type Tally = Map<string, { count: number; bytes: number }>;

/** What segments left standing, and the first events of one more. */
function tallied(
  segments: Times<Segment>,
  last: Segment | null,
  event: number,
): LiveTensors[] {
  const all: Tally = new Map();
  for (const [segment, times] of segments) {
    const net: Tally = new Map();
    tally(net, segment, segment.from, segment.to);
    for (const [key, { count, bytes }] of net) {
      plus(all, key, times * count, times * bytes);
    }
  }
  if (last) tally(all, last, last.from, event);
  return [...all].filter(([, { bytes }]) => bytes !== 0).map(
    ([key, { count, bytes }]) => {
      const [part = "", label = ""] = key.split("|");
      return { part: part as PartName, label, count, bytes };
    },
  ).sort((a, b) => b.bytes - a.bytes);
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
