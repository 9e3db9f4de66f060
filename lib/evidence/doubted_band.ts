import type { Memory } from "../answer/estimate.ts";
import type { Answer } from "../methods/method.ts";
import type { StepKind } from "../methods/step_kind.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Band } from "./band.ts";
import { bandNote, bandOf, noBandNote, widened } from "./band.ts";
import { doubtOf } from "./doubt.ts";

/** How far a method's figure may be off, as far as runs and traces tell. */
export interface DoubtedBand {
  /** Null where nothing measured backs one. */
  readonly band: Band | null;
  /** What is known to be wrong, or not known, about the kind of step. */
  readonly warnings: readonly string[];
  /** Where the band comes from, or why there is none. */
  readonly note: string;
}

/**
 * The band of a method's figure, as wide as the kind of step is doubted.
 *
 * @param kind Of the step that was played, where one was.
 */
export function doubtedBand(
  method: Scenario["method"],
  scenario: Scenario,
  kind?: StepKind,
): DoubtedBand {
  const plain = bandOf(method, scenario);
  const doubt = kind && doubtOf(kind);
  const band = plain && doubt ? widened(plain, doubt) : plain;
  return {
    band,
    warnings: doubt?.texts ?? [],
    note: band === null ? noBandNote(method) : bandNote(band),
  };
}

/** The figures of an answer with the ends of its band. */
export function withBand(
  { memory, scaledPeak }: Answer,
  band: Band | null,
): Memory {
  const {
    allocated_peak_bytes,
    allocated_steady_bytes,
    reserved_peak_bytes,
    device_peak_bytes,
    ...others
  } = memory;
  return {
    allocated_peak_bytes,
    allocated_steady_bytes,
    reserved_peak_bytes,
    device_peak_bytes,
    low_bytes: band && scaledPeak(band.low),
    high_bytes: band && scaledPeak(band.high),
    ...others,
  };
}
