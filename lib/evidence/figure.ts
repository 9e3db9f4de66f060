import type { Estimate, Memory, Phase } from "../answer/estimate.ts";

/** What an Estimate says of a counter. */
export interface Figure {
  bytes: number;
  /**
   * Whether the method predicts this very counter. One that knows one total only
   * is compared by it with whatever was measured.
   */
  basis: "own" | "one total";
}

/** The counters of a whole run that {@linkcode Memory} has a field for. */
export const MEMORY_COUNTERS = [
  "allocated_peak",
  "allocated_steady",
  "reserved_peak",
  "device_peak",
] as const;

/** One of the counters of a whole run. */
export type MemoryCounter = typeof MEMORY_COUNTERS[number];

/** What a traced step calls what {@linkcode Memory} has a field for. */
const AS_MEMORY: Record<string, MemoryCounter> = {
  step_peak: "allocated_peak",
  step_steady: "allocated_steady",
};

/** The phases that a traced step's phase spans, and what is read of them. */
const OF_PHASES: Record<
  string,
  { names: string[]; of: "peak_bytes" | "start_bytes" | "end_bytes" }
> = {
  load_allocated: { names: ["load"], of: "peak_bytes" },
  step_load: { names: ["load"], of: "peak_bytes" },
  // The trace's forward ends when the loss is there.
  step_forward: { names: ["forward", "loss"], of: "peak_bytes" },
  step_backward: { names: ["backward"], of: "peak_bytes" },
  step_backward_start: { names: ["backward"], of: "start_bytes" },
  step_backward_end: { names: ["backward"], of: "end_bytes" },
  step_clip: { names: ["clip"], of: "peak_bytes" },
  step_optimizer: { names: ["optimizer"], of: "peak_bytes" },
};

/**
 * Reads the figure for a counter off an Estimate.
 *
 * @returns The figure, or why there is none.
 */
export function figureOf(
  { memory, kv }: Estimate,
  counter: string,
): Figure | string {
  if (counter === "kv_bytes") {
    return kv ? own(kv.bytes) : "it gives no key-value cache";
  }
  if (counter === "weights_bytes") return weightsOf(memory);
  const whole = AS_MEMORY[counter] ??
    MEMORY_COUNTERS.find((name) => name === counter);
  if (whole) return memoryFigure(memory, whole);
  const phase = OF_PHASES[counter];
  if (!phase) return `${counter} is no counter that is known here`;
  if (isOneTotal(memory)) return "it knows one total only, and no phases";
  return phaseFigure(memory.phases ?? [], phase);
}

/** Whether a method has answered with one total, and nothing by counter. */
export function isOneTotal(memory: Memory): boolean {
  return memory.allocated_peak_bytes === null && memory.phases === null;
}

function own(bytes: number): Figure {
  return { bytes, basis: "own" };
}

function memoryFigure(memory: Memory, counter: MemoryCounter): Figure | string {
  const bytes = memory[`${counter}_bytes`];
  if (bytes !== null) return own(bytes);
  return isOneTotal(memory)
    ? { bytes: memory.device_peak_bytes, basis: "one total" }
    : `it gives no ${counter}_bytes`;
}

function weightsOf({ parts }: Memory): Figure | string {
  const weights = parts.filter(({ name }) => name === "weights");
  return weights.length === 0
    ? "it has no part of that name"
    : own(weights.reduce((sum, { bytes }) => sum + bytes, 0));
}

function phaseFigure(
  phases: readonly Phase[],
  { names, of }: typeof OF_PHASES[string],
): Figure | string {
  const found = phases.filter(({ name }) => names.includes(name))
    .map((phase) => phase[of])
    .filter((bytes) => bytes !== undefined);
  return found.length === 0
    ? `it gives no ${of} of the phase ${names.join(" or ")}`
    : own(Math.max(...found));
}
