import type { Segment } from "../record/block.ts";
import type { LiveTensors } from "./live.ts";
import type { Curve, CurvePoint, PhaseName } from "../../answer/curve.ts";
import { PARTS } from "../../answer/parts.ts";
import type { Stretch } from "../../engines/blocks/schedule.ts";
import type { Step } from "../../engines/step.ts";

/** Stretches beyond which a curve shows some of the layers alone. */
const MOST_STRETCHES = 1000;

/** Bytes by place in {@linkcode PARTS}. */
type Stack = readonly number[];

const EMPTY: Stack = PARTS.map(() => 0);

/** Follows the memory over a step. */
export function curveOf(step: Step): Curve {
  const cache = new Map<Segment, { peak: Stack; net: Stack }>();
  const changes = (segment: Segment) => {
    const known = cache.get(segment);
    if (known) return known;
    const made = {
      peak: changeOf(segment, segment.peakAt),
      net: changeOf(segment, segment.to),
    };
    cache.set(segment, made);
    return made;
  };
  let current = stackOf(step.resident);
  const points: CurvePoint[] = [
    pointOf("forward", "embeddings", current),
  ];
  const isShown = shownStretches(step.stretches);
  for (const [index, { phase, at, segment }] of step.stretches.entries()) {
    const { peak, net } = changes(segment);
    const shows = isShown(index);
    if (shows && segment.peak > Math.max(0, segment.net)) {
      points.push(pointOf(phase, at, plus(current, peak)));
    }
    current = plus(current, net);
    if (shows) points.push(pointOf(phase, at, current));
  }
  const temporaries = step.temporaries.bytes;
  if (temporaries > 0) {
    const place = PARTS.indexOf("optimizer temporaries");
    points.push(pointOf(
      "optimizer",
      "optimizer",
      current.map((bytes, at) => at === place ? bytes + temporaries : bytes),
    ));
  }
  points.push(pointOf("optimizer", "optimizer", current));
  points.push(pointOf("optimizer", "optimizer", stackOf(step.resident)));
  return shown(points);
}

/**
 * Which stretches a curve shows: all, or of a deep stack one layer of several,
 * with what stands around the layers and the highest point.
 */
function shownStretches(
  stretches: readonly Stretch[],
): (index: number) => boolean {
  const every = Math.ceil(stretches.length / MOST_STRETCHES);
  if (every === 1) return () => true;
  let current = 0;
  let most = 0;
  let highest = 0;
  for (const [index, { segment }] of stretches.entries()) {
    if (current + segment.peak > most) {
      most = current + segment.peak;
      highest = index;
    }
    current += segment.net;
  }
  return (index) =>
    index % every === 0 || index === highest ||
    typeof stretches[index]?.at !== "number" ||
    typeof stretches[index + 1]?.at !== "number";
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

function changeOf({ tape, from }: Segment, to: number): Stack {
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

function stackOf(tensors: readonly LiveTensors[]): Stack {
  const stack = [...EMPTY];
  for (const { part, bytes } of tensors) {
    const place = PARTS.indexOf(part);
    stack[place] = (stack[place] ?? 0) + bytes;
  }
  return stack;
}

function pointOf(
  phase: PhaseName,
  at: Stretch["at"],
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
