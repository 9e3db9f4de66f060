import type { Estimate } from "../answer/estimate.ts";
import { DEFAULT_SCENARIO } from "../scenario/default_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { MemoryCounter } from "./figure.ts";
import { isOneTotal } from "./figure.ts";
import type { RunTraits } from "./likeness.ts";
import { ComparedRuns, runDifferencesOf, runTraitsOf } from "./likeness.ts";
import type { MeasuredRun } from "./run.ts";
import { measuredRuns } from "./runs.ts";
import { sourceUrl } from "./source_url.ts";

/** A measured run beside a scenario. */
export interface NearRun {
  model: string;
  /** The run as a Scenario with every default filled in. */
  scenario: Scenario;
  /** The GPU as the source names it; null where it does not. */
  gpu: string | null;
  /** How surely its settings are known: high, medium or low. */
  confidence: string;
  /** How unlike it is: 0 for the same settings, 1 for twice the tokens. */
  distance: number;
  /** In what it differs: "checkpointing full, not none", its own value first. */
  differences: string[];
  readings: NearReading[];
  /** Who published it; the address is null where none is known. */
  source: { text: string; url: string | null };
}

/** What the run used by one counter, and how well it is predicted. */
export interface NearReading {
  counter: MemoryCounter;
  measured_bytes: number;
  /**
   * Predicted ÷ measured − 1, by the method of the estimate; null where it could
   * not predict the run.
   */
  error: number | null;
  /** Whether the method's one total stood for this counter. */
  one_total: boolean;
}

/** Most runs of one publication among the nearest: they repeat each other. */
const OF_ONE = 2;

/**
 * Finds the measured runs that are most like an estimate's scenario, no more
 * than two of one publication.
 *
 * @param count How many at most; there are none for a task never measured.
 * @returns The nearest first; runs as near in the order of the cases.
 */
export function nearestRuns(estimate: Estimate, count = 5): NearRun[] {
  const taken = new Map<string, number>();
  const found: NearRun[] = [];
  for (const run of runsByDistance(estimate)) {
    if (found.length === count) break;
    const [publication = ""] = run.source.text.split(/[ ,]/, 1);
    const before = taken.get(publication) ?? 0;
    if (before === OF_ONE) continue;
    taken.set(publication, before + 1);
    found.push(run);
  }
  return found;
}

/** Every measured run of an estimate's task, the nearest first. */
export function* runsByDistance(estimate: Estimate): Generator<NearRun> {
  const { name, type, parameters } = estimate.model;
  const asked = runTraitsOf({
    scenario: estimate.scenario,
    model: { name, type, parameters },
  });
  const { points, compared } = measured();
  const distances = compared.distancesFrom(asked);
  for (
    let at = nextAfter(distances, -1);
    at >= 0;
    at = nextAfter(distances, at)
  ) {
    const [point, distance] = [points[at], distances[at]];
    if (!point || distance === undefined) return;
    yield {
      ...shownRun(point, estimate),
      distance,
      differences: runDifferencesOf(asked, point.traits),
    };
  }
}

/**
 * The place after another by distance, then by order: the few that are asked for
 * are found sooner than all are sorted.
 *
 * @param place -1 for the first.
 * @returns -1 behind the last that is not infinitely far.
 */
function nextAfter(distances: Float64Array, place: number): number {
  const floor = place < 0 ? -Infinity : distances[place] ?? Infinity;
  let next = -1;
  let least = Infinity;
  for (let at = 0; at < distances.length; at++) {
    const distance = distances[at] ?? Infinity;
    const isAfter = distance > floor || (distance === floor && at > place);
    if (isAfter && distance < least) [next, least] = [at, distance];
  }
  return next;
}

function shownRun(
  { run, scenario }: RunPoint,
  { method, memory }: Estimate,
): Omit<NearRun, "distance" | "differences"> {
  return {
    model: run.model.name,
    scenario: { ...scenario, method },
    gpu: run.gpu,
    confidence: run.confidence,
    readings: run.readings.map(({ counter, measured_bytes, errors }) => ({
      counter,
      measured_bytes,
      error: errors[method] ?? null,
      one_total: isOneTotal(memory) && counter !== "device_peak",
    })),
    source: { text: run.source, url: sourceUrl(run.source) },
  };
}

interface RunPoint {
  run: MeasuredRun;
  scenario: Scenario;
  traits: RunTraits;
}

interface Measured {
  points: readonly RunPoint[];
  compared: ComparedRuns;
}

let known: Measured | null = null;

function measured(): Measured {
  if (known) return known;
  const points = measuredRuns().map((run): RunPoint => {
    const scenario = filled(DEFAULT_SCENARIO, run.scenario) as Scenario;
    return {
      run,
      scenario,
      traits: runTraitsOf({ scenario, model: run.model }),
    };
  });
  return known = {
    points,
    compared: new ComparedRuns(points.map(({ traits }) => traits)),
  };
}

/** Defaults below what a run's scenario says. Its values have been checked. */
function filled(usual: object, given: object): object {
  const whole: Record<string, unknown> = { ...usual };
  for (const [key, value] of Object.entries(given)) {
    const before = whole[key];
    whole[key] = isSection(value) && isSection(before)
      ? filled(before, value)
      : value;
  }
  return whole;
}

function isSection(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
