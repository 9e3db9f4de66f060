import type { At, PhaseName } from "../../answer/curve.ts";
import { BETWEEN_STEPS, SIDE_PASSES } from "../../answer/curve.ts";
import type { Act, Program } from "../program/act.ts";
import type { LiveTensors } from "./live.ts";
import type { Standing } from "./live.ts";
import { liveAt, standingBuffers, tensorsOf } from "./live.ts";

/** An instant of the step, or of what comes before it. */
export interface Instant {
  readonly phase: PhaseName | "loading";
  readonly at: At | "loading";
  readonly bytes: number;
  /** What stands then, largest first; sums to the bytes. */
  readonly live: readonly LiveTensors[];
}

/** How high a program's memory reaches. */
export interface Peaks {
  /** What stands before a later step begins, and after it ends. */
  readonly standing: readonly LiveTensors[];
  readonly standingBytes: number;
  /**
   * What the step's own tensors reach, in bytes; the peak counts the libraries'
   * workspaces too.
   */
  readonly phases: {
    readonly load: number;
    readonly forward: number;
    readonly backwardStart: number;
    readonly backward: number;
    readonly backwardEnd: number;
    readonly optimizer: number;
    readonly steady: number;
  };
  /** The same of a rollout and of passes beside, while they ran; those there are. */
  readonly beside: readonly { readonly name: string; readonly bytes: number }[];
  /**
   * The most that stands while another allocator gives memory, or before the step;
   * 0 where that is not more.
   */
  readonly outside: number;
  readonly peak: Instant;
}

/** What an act adds, and the most that stands within it, in bytes. */
export function changeOf(act: Act): { net: number; peak: number } {
  switch (act.act) {
    case "run":
      return act.segment;
    case "take":
      return { net: act.buffer.bytes, peak: act.buffer.bytes };
    case "free":
      return { net: -act.buffer.bytes, peak: 0 };
    case "clear":
      return { net: -act.bytes, peak: 0 };
    case "collective":
    case "empty":
      return NOTHING;
  }
}

const NOTHING = { net: 0, peak: 0 } as const;

/** Follows a program's memory to its highest points, in a step after the first. */
export function peaksOf(program: Program): Peaks {
  const { load, step } = program;
  const buffers = standingBuffers(program);
  const standing = tensorsOf(buffers);
  const base = sum(standing);
  let current = base;
  let outside = 0;
  let backwardStart = base;
  let backwardEnd: number | null = null;
  const peaks = {
    rollout: base,
    forward: base,
    backward: base,
    optimizer: 0,
    evaluation: base,
    saving: base,
  };
  const beside = new Map<string, number>();
  const isSide = new Set<unknown>(SIDE_PASSES);
  const peak = {
    phase: "forward" as PhaseName,
    at: "embeddings" as At | "load",
    bytes: base,
    act: -1,
  };
  let before: Act["phase"] = "forward";
  for (const [index, act] of step.entries()) {
    const { phase, at } = act;
    if (phase === "load") continue;
    if (before === "forward" && phase === "backward") backwardStart = current;
    if (phase === "optimizer" && before !== "optimizer") {
      backwardEnd = current;
      peaks.optimizer = Math.max(peaks.optimizer, current);
    }
    before = phase;
    const change = changeOf(act);
    const reached = current + change.peak;
    if (reached > peaks[phase]) peaks[phase] = reached;
    const isBetween = BETWEEN_STEPS.has(phase);
    if (phase === "rollout" || isBetween) {
      beside.set(phase, peaks[phase]);
    }
    // What frees what a pass gave runs later, upon what came after it.
    if (isSide.has(at) && change.peak > 0 && !isBetween) {
      beside.set(`${at}`, Math.max(beside.get(`${at}`) ?? base, reached));
    }
    if (act.act === "run" && act.instance.block.isOutside) {
      outside = Math.max(outside, reached);
    }
    if (reached > peak.bytes) {
      peak.phase = phase;
      peak.at = at;
      peak.bytes = reached;
      peak.act = index;
    }
    current += change.net;
  }
  backwardEnd ??= current;
  if (program.alternates) {
    peaks.forward = peaks.backward = Math.max(peaks.forward, peaks.backward);
  }
  const workspaces = sum(
    standing.filter(({ part }) => part === "kernel workspaces"),
  );
  const { phase, at, bytes } = peak;
  return {
    standing,
    standingBytes: base,
    phases: {
      load: load.reduce(
        (total, { phase, buffer }) =>
          phase === "load" ? total + buffer.bytes : total,
        0,
      ),
      forward: peaks.forward - workspaces,
      backwardStart: backwardStart - workspaces,
      backward: peaks.backward - workspaces,
      backwardEnd: backwardEnd - workspaces,
      optimizer: Math.max(peaks.optimizer, backwardEnd) - workspaces,
      steady: base - workspaces,
    },
    outside,
    beside: [...beside].map(([name, bytes]) => ({
      name,
      bytes: bytes - workspaces,
    })),
    peak: {
      phase,
      at: at === "load" ? "embeddings" : at,
      bytes,
      live: liveThen(program, buffers, peak.act),
    },
  };
}

function liveThen(
  program: Program,
  standing: Standing,
  index: number,
): LiveTensors[] {
  const act = program.step[index];
  const event = act?.act === "run" ? act.segment.peakAt : 0;
  return liveAt(program, standing, index, event);
}

function sum(tensors: readonly { bytes: number }[]): number {
  return tensors.reduce((total, { bytes }) => total + bytes, 0);
}
