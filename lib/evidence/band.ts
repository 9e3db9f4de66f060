import { DEFAULT_SCENARIO } from "../scenario/default_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import { changesFrom } from "../scenario/walk.ts";
import type { BandClass } from "./band_class.ts";
import { bandClassesOf, wordsFor } from "./band_class.ts";
import type { Doubt } from "./doubt.ts";
import bands from "./bands.json" with { type: "json" };
import type { MemoryCounter } from "./figure.ts";

/** Fewest runs that a band is drawn from. */
export const MIN_RUNS = 12;

/** How far measured runs lay from an estimate, as shares of the estimate. */
export interface Band {
  /** Nine runs in ten used at least this share... */
  low: number;
  /** ...and at most this one. */
  high: number;
  /** How many measured runs say so. */
  runs: number;
  /** Which runs those are: "QLoRA training runs on one GPU". */
  of: string;
  /** The class that the scenario is of, where it has too few runs. */
  too_few: { runs: number; of: string } | null;
  /** Whether it was widened by doubts about the kind of step. */
  doubted?: boolean;
}

/** A class's line in bands.json. */
export interface BandRow extends BandClass {
  method: string;
  runs: number;
  /** Null where the runs are too few. */
  low: number | null;
  high: number | null;
}

/**
 * The band of doubt of a method's figure for a counter: the 5th and 95th
 * percentile of measured ÷ predicted over measured runs of the scenario's class.
 * A class with fewer than {@linkcode MIN_RUNS} gives way to the next wider one.
 * The band always reaches the figure itself.
 *
 * @param rows The lines of bands.json, which `deno task accuracy --write` works
 *   out, unless told otherwise.
 * @returns Null where no measured run backs one, and where the user has set
 *   calibration factors.
 */
export function bandOf(
  method: Scenario["method"],
  scenario: Scenario,
  counter: MemoryCounter = "device_peak",
  rows: BandRows = ROWS,
): Band | null {
  if (method === "factors" && isCalibrated(scenario.factors)) return null;
  const classes = bandClassesOf(scenario, counter);
  const [own] = classes;
  for (const each of classes) {
    const row = rows.get(keyOf(method, each));
    if (!row || row.low === null || row.high === null) continue;
    return {
      // A method that is off to one side still stands in its own band.
      low: Math.min(1, row.low),
      high: Math.max(1, row.high),
      runs: row.runs,
      of: wordsFor(each),
      too_few: !own || each === own ? null : {
        runs: rows.get(keyOf(method, own))?.runs ?? 0,
        of: wordsFor(own),
      },
    };
  }
  return null;
}

/** A band that takes a doubt in: its ends lie that much further out. */
export function widened(band: Band, { low, high }: Doubt): Band {
  return {
    ...band,
    low: thousandths(band.low * low),
    high: thousandths(band.high * high),
    doubted: band.doubted || low < 1 || high > 1,
  };
}

function thousandths(share: number): number {
  return Math.round(1000 * share) / 1000;
}

/** Where a band comes from, in a sentence. */
export function bandNote(
  { runs, of, low, high, too_few, doubted }: Band,
): string {
  if (doubted) {
    return `The band, ${low} to ${high} times this method's figure, is what nine in ten of ${runs} measured ${of} used, widened by the doubts about this kind of step`;
  }
  const wider = too_few === null
    ? ""
    : ` (of ${too_few.of} there are ${too_few.runs}, too few for a band)`;
  return `The band: of ${runs} measured ${of}, nine in ten used ${low} to ${high} times this method's figure${wider}`;
}

/** Why a method has no band, in a sentence. */
export function noBandNote(method: Scenario["method"]): string {
  return method === "factors"
    ? "No band of doubt: measured runs back one only for training with the usual calibration factors"
    : "No band of doubt: too few measured runs are like this one";
}

/** Lines of bands.json by their class. */
export type BandRows = ReadonlyMap<string, BandRow>;

/** Puts lines where {@linkcode bandOf} looks for them. */
export function indexed(rows: readonly BandRow[]): BandRows {
  return new Map(rows.map((row) => [keyOf(row.method, row), row]));
}

const ROWS = indexed(bands as BandRow[]);

/** What tells a class of a method from every other. */
export function keyOf(
  method: string,
  { task, kind, gpus, engine, counter }: BandClass,
): string {
  return JSON.stringify([method, task, kind, gpus, engine, counter]);
}

function isCalibrated(factors: Scenario["factors"]): boolean {
  return changesFrom(DEFAULT_SCENARIO.factors, factors).length > 0;
}
