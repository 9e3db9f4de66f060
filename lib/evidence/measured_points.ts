import type { MemoryCounter } from "./figure.ts";
import { MEMORY_COUNTERS } from "./figure.ts";
import type { MeasuredRun } from "./run.ts";
import { measuredRuns } from "./runs.ts";

/** One figure that was measured, beside what a method predicts. */
export interface MeasuredPoint {
  run: MeasuredRun;
  counter: MemoryCounter;
  measured_bytes: number;
  /** Predicted ÷ measured − 1. */
  error: number;
}

/** Which figures are wanted; null takes all. */
export interface PointFilter {
  method: string;
  counter: MemoryCounter | null;
  task: "train" | "serve" | null;
  /** The model_type. */
  type: string | null;
  confidence: string | null;
}

/** What figures can be filtered by. */
export interface PointChoices {
  counters: readonly MemoryCounter[];
  types: readonly string[];
  confidences: readonly string[];
}

/** The figures of measured runs that a method predicts, worst error first. */
export function measuredPoints(
  { method, counter, task, type, confidence }: PointFilter,
): MeasuredPoint[] {
  return measuredRuns()
    .filter((run) =>
      (task === null || taskOf(run) === task) &&
      (type === null || run.model.type === type) &&
      (confidence === null || run.confidence === confidence)
    )
    .flatMap((run) =>
      run.readings.flatMap((reading): MeasuredPoint[] => {
        const error = reading.errors[method];
        return error === undefined ||
            counter !== null && reading.counter !== counter
          ? []
          : [{
            run,
            counter: reading.counter,
            measured_bytes: reading.measured_bytes,
            error,
          }];
      })
    )
    .sort((a, b) => Math.abs(b.error) - Math.abs(a.error));
}

/** What there is to choose from. */
export function pointChoices(): PointChoices {
  const runs = measuredRuns();
  return {
    counters: MEMORY_COUNTERS,
    types: [...new Set(runs.map(({ model }) => model.type))].sort(),
    confidences: [...new Set(runs.map(({ confidence }) => confidence))].sort(),
  };
}

function taskOf({ scenario }: MeasuredRun): "train" | "serve" {
  return scenario["task"] === "serve" ? "serve" : "train";
}
