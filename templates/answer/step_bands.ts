import type { Curve, CurvePoint } from "../../lib/mod.ts";
import { swatch } from "./swatch.ts";

/** A colour of the picture: what it stands for, from bottom to top. */
export interface Band {
  readonly name: string;
  readonly swatch: string;
  /** Its lower and upper edge at each point, in bytes. */
  readonly ranges: readonly (readonly [low: number, high: number])[];
}

/** Parts that share a colour, lowest first: what stands longest lies below. */
const GROUPS: readonly (readonly [name: string, parts: readonly string[]])[] = [
  ["weights", [
    "weights",
    "gathered parameters",
    "adapters",
    "buffers",
    "kernel workspaces",
  ]],
  ["generation", ["KV cache", "rollout engine"]],
  ["optimizer states", ["master weights", "optimizer states"]],
  ["gradients", ["gradients"]],
  ["checkpoints", ["checkpoints", "residual stream"]],
  ["attention activations", [
    "attention activations",
    "state-space activations",
  ]],
  ["MLP activations", ["MLP activations", "expert activations"]],
  ["logits", ["logits and loss"]],
  ["other activations", [
    "norm activations",
    "adapter activations",
    "vision activations",
    "embeddings",
    "inputs",
    "weight casts",
    "dequantised weights",
  ]],
  ["transient buffers", [
    "communication buffers",
    "activation gradients",
    "optimizer temporaries",
  ]],
];

/** Points that a phase is drawn with. */
const MOST_POINTS = 24;

/**
 * Thins a curve out: of each stretch of points the highest and the last stay, so
 * that no peak is lost.
 */
export function shownPoints(points: readonly CurvePoint[]): CurvePoint[] {
  const phases = Map.groupBy(points, ({ phase }) => phase);
  return [...phases.values()].flatMap((own) => {
    const size = Math.ceil(own.length / (MOST_POINTS / 2));
    if (size <= 2) return own;
    const kept: CurvePoint[] = [];
    for (let from = 0; from < own.length; from += size) {
      const some = own.slice(from, from + size);
      const last = some.at(-1);
      const highest = some.reduce((best, each) =>
        each.bytes > best.bytes ? each : best
      );
      kept.push(highest);
      if (last && last !== highest) kept.push(last);
    }
    return kept;
  });
}

/** Stacks the groups of parts at each point. */
export function bandsOf(
  { parts }: Curve,
  points: readonly CurvePoint[],
): Band[] {
  const floor = points.map(() => 0);
  return GROUPS.flatMap(([name, members]) => {
    const places = parts.flatMap((part, at) =>
      members.includes(part) ? at : []
    );
    const ranges = points.map(({ stack }, at) => {
      const low = floor[at] ?? 0;
      const own = places.reduce((sum, place) => sum + (stack[place] ?? 0), 0);
      const high = low + Math.max(0, own);
      floor[at] = high;
      return [low, high] as const;
    });
    const stands = ranges.some(([low, high]) => high > low);
    return stands ? [{ name, swatch: swatch(name), ranges }] : [];
  });
}
