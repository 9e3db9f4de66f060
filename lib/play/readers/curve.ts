import type { At, Curve, CurvePoint, PhaseName } from "../../answer/curve.ts";
import { BETWEEN_STEPS } from "../../answer/curve.ts";
import { PARTS } from "../../answer/parts.ts";
import type { Act, Program } from "../program/act.ts";
import type { Buffer } from "../program/buffer.ts";
import type { Segment } from "../record/block.ts";
import type { LiveTensors } from "./live.ts";
import { standingBuffers, tensorsOf } from "./live.ts";
import { changeOf } from "./peak.ts";

/** Stretches beyond which a curve shows some of the layers alone. */
const MOST_STRETCHES = 1000;

/** Bytes by place in {@linkcode PARTS}. */
type Stack = readonly number[];

const EMPTY: Stack = PARTS.map(() => 0);

/** Follows the memory over a step after the first. */
export function curveOf(program: Program): Curve {
  const standing = stackOf(tensorsOf(standingBuffers(program)));
  const changing = program.step.filter((act) =>
    act.act === "run"
      ? act.segment.to > act.segment.from
      : act.act === "take" || act.act === "free"
  );
  const rolls = changing.some(({ phase }) => phase === "rollout");
  const points = [
    pointOf(rolls ? "rollout" : "forward", "embeddings", standing),
    ...pointsOfPasses(
      changing.filter(({ phase }) =>
        phase !== "optimizer" && !BETWEEN_STEPS.has(phase)
      ),
      standing,
    ),
  ];
  const { stack } = points.at(-1) as CurvePoint;
  points.push(
    ...pointsOfOptimizer(
      changing.filter(({ phase }) => phase === "optimizer"),
      stack,
    ),
    pointOf("optimizer", "optimizer", stack),
    pointOf("optimizer", "optimizer", standing),
    ...pointsOfPasses(
      changing.filter(({ phase }) => BETWEEN_STEPS.has(phase)),
      standing,
    ),
  );
  return shown(points);
}

/**
 * The highest point and the end of each run that is shown, and of what engines take
 * and free between runs.
 */
function pointsOfPasses(acts: readonly Act[], standing: Stack): CurvePoint[] {
  const cache = new Map<Segment, { peak: Stack; net: Stack }>();
  const changes = (segment: Segment) => {
    const known = cache.get(segment);
    if (known) return known;
    const made = {
      peak: changeTo(segment, segment.peakAt),
      net: changeTo(segment, segment.to),
    };
    cache.set(segment, made);
    return made;
  };
  const isShown = shownActs(acts);
  const points: CurvePoint[] = [];
  let current = standing;
  for (const [index, act] of acts.entries()) {
    const shows = isShown(index);
    if (act.act !== "run") {
      current = plus(current, changeOfBuffer(act));
      if (shows) {
        points.push(pointOf(act.phase as PhaseName, act.at as At, current));
      }
      continue;
    }
    const { phase, at, segment } = act;
    const { peak, net } = changes(segment);
    if (shows && segment.peak > Math.max(0, segment.net)) {
      points.push(pointOf(phase, at, plus(current, peak)));
    }
    current = plus(current, net);
    if (shows) points.push(pointOf(phase, at, current));
  }
  return points;
}

/** The highest point of the optimizer's step, where it takes anything. */
function pointsOfOptimizer(acts: readonly Act[], begin: Stack): CurvePoint[] {
  let current = begin;
  let highest = begin;
  for (const act of acts) {
    current = plus(current, changeOfBuffer(act));
    if (sum(current) > sum(highest)) highest = current;
  }
  return highest === begin ? [] : [pointOf("optimizer", "optimizer", highest)];
}

/**
 * Which runs a curve shows: all, or of a deep stack one layer of several, with what
 * stands around the layers and the highest point.
 */
function shownActs(acts: readonly Act[]): (index: number) => boolean {
  const every = Math.ceil(acts.length / MOST_STRETCHES);
  if (every === 1) return () => true;
  let current = 0;
  let most = 0;
  let highest = 0;
  for (const [index, act] of acts.entries()) {
    const { peak, net } = changeOf(act);
    if (current + peak > most) {
      most = current + peak;
      highest = index;
    }
    current += net;
  }
  return (index) =>
    index % every === 0 || index === highest ||
    typeof acts[index]?.at !== "number" ||
    typeof acts[index + 1]?.at !== "number";
}

/** Leaves out the parts that never stand. */
function shown(points: readonly CurvePoint[]): Curve {
  const places = PARTS.map((_, at) => at).filter((at) =>
    points.some(({ stack }) => stack[at] !== 0)
  );
  return {
    parts: places.flatMap((at) => PARTS[at] ?? []),
    points: points.map((point) => ({
      ...point,
      stack: places.map((at) => point.stack[at] ?? 0),
    })),
  };
}

function changeTo({ tape, from }: Segment, to: number): Stack {
  const change = [...EMPTY];
  for (let at = from; at < to; at++) {
    const event = tape.events[at] ?? 0;
    const id = event >= 0 ? event : ~event;
    const place = PARTS.indexOf(tape.parts[id] ?? "inputs");
    const bytes = tape.bytes[id] ?? 0;
    change[place] = (change[place] ?? 0) + (event >= 0 ? bytes : -bytes);
  }
  return change;
}

function stackOf(
  tensors: readonly Pick<LiveTensors, "part" | "bytes">[],
): Stack {
  const stack = [...EMPTY];
  for (const { part, bytes } of tensors) {
    const place = PARTS.indexOf(part);
    stack[place] = (stack[place] ?? 0) + bytes;
  }
  return stack;
}

/** What taking or freeing a buffer adds; nothing of other acts. */
function changeOfBuffer(act: Act): Stack {
  if (act.act === "take") return stackOfBuffer(act.buffer);
  return act.act === "free"
    ? stackOfBuffer(act.buffer).map((each) => -each)
    : EMPTY;
}

function stackOfBuffer({ pieces, copies }: Buffer): Stack {
  return stackOf(pieces.map(({ group, bytes, count }) => ({
    ...group,
    bytes: copies * bytes * count,
  })));
}

function pointOf(
  phase: PhaseName,
  at: At,
  stack: Stack,
): CurvePoint {
  return { phase, at, bytes: sum(stack), stack };
}

function plus(a: Stack, b: Stack): Stack {
  return a.map((bytes, at) => bytes + (b[at] ?? 0));
}

function sum(stack: Stack): number {
  return stack.reduce((total, bytes) => total + bytes, 0);
}
