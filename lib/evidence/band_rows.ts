import type { BandRow } from "./band.ts";
import { keyOf, MIN_RUNS } from "./band.ts";
import type { BandClass } from "./band_class.ts";
import { bandClassesOf } from "./band_class.ts";
import { MEMORY_COUNTERS } from "./figure.ts";
import type { Prediction } from "./predict.ts";
import { quantile } from "./quantile.ts";
import type { Scenario } from "../scenario/schema.ts";

/** The share of runs below a band's ends. */
const LOW = 0.05;
const HIGH = 0.95;

/** A measured run as a share of a method's figure. */
interface Share {
  method: string;
  of: BandClass;
  share: number;
}

/**
 * Works out bands.json: a row for each method and class of measured runs, narrow
 * and wide. Figures that stand for another counter are left out.
 *
 * @param whole A case's scenario with its defaults; null where it is not valid.
 */
export function bandRows(
  predictions: readonly Prediction[],
  whole: (scenario: unknown) => Scenario | null,
): BandRow[] {
  const shares = predictions.flatMap((prediction) =>
    sharesOf(prediction, whole)
  );
  const groups = new Map<string, Share[]>();
  for (const share of shares) {
    const key = keyOf(share.method, share.of);
    groups.set(key, [...groups.get(key) ?? [], share]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first ? [rowOf(first, group.map(({ share }) => share))] : [];
  }).toSorted((a, b) => keyOf(a.method, a) < keyOf(b.method, b) ? -1 : 1);
}

function sharesOf(
  { method, case: { scenario }, reading, figure }: Prediction,
  whole: (scenario: unknown) => Scenario | null,
): Share[] {
  const counter = MEMORY_COUNTERS.find((name) => name === reading.counter);
  const parsed = counter && figure?.basis === "own" ? whole(scenario) : null;
  if (!counter || !figure || !parsed) return [];
  const share = reading.bytes / figure.bytes;
  return bandClassesOf(parsed, counter)
    // What stands between steps says nothing of a peak.
    .filter((of) => of.counter !== null || counter !== "allocated_steady")
    .map((of) => ({ method, of, share }));
}

function rowOf({ method, of }: Share, shares: readonly number[]): BandRow {
  const enough = shares.length >= MIN_RUNS;
  return {
    method,
    ...of,
    runs: shares.length,
    low: enough ? rounded(quantile(shares, LOW)) : null,
    high: enough ? rounded(quantile(shares, HIGH)) : null,
  };
}

function rounded(share: number): number {
  return Math.round(1000 * share) / 1000;
}
