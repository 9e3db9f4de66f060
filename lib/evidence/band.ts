import { DEFAULT_SCENARIO } from "../scenario/default_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import { changesFrom } from "../scenario/walk.ts";

/** How far measured runs lay from an estimate, as shares of the estimate. */
export interface Band {
  /** Nine runs in ten used at least this share... */
  low: number;
  /** ...and at most this one. */
  high: number;
  /** How many measured runs say so. */
  runs: number;
}

/**
 * The 5th and 95th percentile of measured / estimated device memory over the
 * training runs of tests/truth/measured.json whose counter is `device_peak`,
 * for the `factors` method. tests/lib/band_test.ts works them out again.
 */
const FACTORS_BAND = {
  oneGpu: { low: 0.5, high: 1.18, runs: 78 },
  manyGpus: { low: 0.55, high: 1.47, runs: 80 },
} as const;

/**
 * The band of doubt of the `factors` method.
 *
 * @returns Null where no measured run backs one: when serving, and with
 *   calibration factors of the user's own.
 */
export function factorsBand(scenario: Scenario): Band | null {
  if (scenario.task === "serve" || isCalibrated(scenario.factors)) return null;
  return scenario.parallel.gpus > 1
    ? FACTORS_BAND.manyGpus
    : FACTORS_BAND.oneGpu;
}

function isCalibrated(factors: Scenario["factors"]): boolean {
  return changesFrom(DEFAULT_SCENARIO.factors, factors).length > 0;
}
