import { changesOf } from "../scenario/default_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import { putAt } from "../scenario/walk.ts";
import { MEMORY_COUNTERS } from "./figure.ts";
import type { Prediction } from "./predict.ts";
import type { MeasuredRun, RunModel } from "./run.ts";

/** What a case is, once its scenario has been understood. */
export interface UnderstoodCase {
  scenario: Scenario;
  model: RunModel;
}

/** What a source says beside the run itself: the counter's column, a file's number. */
const BESIDE = /, column .*$|, search-library file id \d+/g;

/**
 * Gathers the measured runs behind predictions: the readings of one run stand
 * together, each with the errors of every method. Readings that are not of a
 * whole run's memory are left out.
 *
 * @param understand Reads a case's scenario.
 */
export function gatherRuns(
  predictions: readonly Prediction[],
  understand: (scenario: unknown) => UnderstoodCase,
): MeasuredRun[] {
  const runs = new Map<string, MeasuredRun>();
  for (const { case: one, reading, method, error } of predictions) {
    const counter = MEMORY_COUNTERS.find((name) => name === reading.counter);
    if (!counter) continue;
    const source = one.source.replaceAll(BESIDE, "");
    const key = JSON.stringify([source, one.scenario, one.gpu]);
    const run = runs.get(key) ?? {
      ...sparse(understand(one.scenario)),
      gpu: one.gpu,
      confidence: one.confidence,
      source,
      readings: [],
    };
    runs.set(key, run);
    let found = run.readings.find((each) =>
      each.counter === counter && each.measured_bytes === reading.bytes
    );
    if (!found) {
      found = { counter, measured_bytes: reading.bytes, errors: {} };
      run.readings.push(found);
    }
    if (error !== null) found.errors[method] = Math.round(1000 * error) / 1000;
  }
  return [...runs.values()];
}

/** The scenario without its defaults; the model as it was given. */
function sparse(
  { scenario, model }: UnderstoodCase,
): Pick<MeasuredRun, "model" | "scenario"> {
  const input: Record<string, unknown> = { model: scenario.model };
  for (const { path, value } of changesOf(scenario)) {
    if (!/^(model|method)\b/.test(path)) putAt(input, path, value);
  }
  return { model, scenario: input };
}
