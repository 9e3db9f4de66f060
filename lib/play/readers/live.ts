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

/** Buffers that stand, and how often. */
export type Standing = ReadonlyMap<Buffer, number>;

/** What stands when a later step begins. */
export function standingBuffers({ load, first }: Program): Standing {
  const buffers = new Times<Buffer>();
  addTaken(buffers, load, load.length);
  addTaken(buffers, first, first.length);
  return buffers;
}

/**
 * What stands within a later step, largest first.
 *
 * @param standing What stands when it begins, which it may free.
 * @param index The act within which the instant is.
 * @param event Up to where the events of what it runs have happened.
 */
export function liveAt(
  { step }: Program,
  standing: Standing,
  index: number,
  event: number,
): LiveTensors[] {
  const buffers = new Times(standing);
  const act = step[index];
  const isRun = act?.act === "run";
  const done = isRun ? index : index + 1;
  addTaken(buffers, step, done);
  const segments = segmentsOf(step, done);
  const held = act?.phase === "optimizer" && segments.size > 0
    ? heldUntil(step.slice(done))
    : tallied(segments, isRun ? act.segment : null, event);
  return [...tensorsOf(buffers), ...held]
    .filter(({ bytes }) => bytes !== 0).sort((a, b) => b.bytes - a.bytes);
}

/** How often a segment ran, and where in its first instance's turn it did first. */
interface Ran {
  readonly segment: Segment;
  times: number;
  turn: number;
  at: number;
}

/**
 * What has been run by so many acts, but what was cleared since: instance by
 * instance, in the order in which these began.
 */
function segmentsOf(acts: readonly Act[], done: number): Times<Segment> {
  const turns = new Map<Instance, number>();
  const cleared = new Map<Instance, number>();
  for (let at = 0; at < done; at++) {
    const act = acts[at];
    if (act?.act !== "clear") continue;
    for (const instance of act.instances) cleared.set(instance, at);
  }
  const ran = new Map<Segment, Ran>();
  let last = null as Ran | null;
  for (let at = 0; at < done; at++) {
    const act = acts[at];
    if (act?.act !== "run") continue;
    const { segment, instance } = act;
    if (cleared.size > 0 && (cleared.get(instance) ?? -1) > at) continue;
    let turn = turns.get(instance);
    if (turn === undefined) turns.set(instance, turn = at);
    if (last?.segment !== segment) {
      last = ran.get(segment) ?? { segment, times: 0, turn, at };
      if (last.times === 0) ran.set(segment, last);
    }
    last.times++;
    if (turn < last.turn) {
      last.turn = turn;
      last.at = at;
    }
  }
  return new Times(
    [...ran.values()].sort((a, b) => a.turn - b.turn || a.at - b.at)
      .map(({ segment, times }) => [segment, times]),
  );
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

/** Counts what the first acts take and free; like layers' buffers come in a row. */
function addTaken(
  buffers: Times<Buffer>,
  acts: readonly Act[],
  done: number,
): void {
  let buffer: Buffer | null = null;
  let times = 0;
  for (let at = 0; at < done; at++) {
    const act = acts[at];
    if (act?.act !== "take" && act?.act !== "free") continue;
    if (act.buffer !== buffer) {
      if (buffer !== null) buffers.add(buffer, times);
      buffer = act.buffer;
      times = 0;
    }
    times += act.act === "take" ? 1 : -1;
  }
  if (buffer !== null) buffers.add(buffer, times);
}

/** Buffers by purpose. */
export function tensorsOf(buffers: Standing): LiveTensors[] {
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
