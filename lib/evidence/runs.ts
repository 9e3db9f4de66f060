import type { MeasuredRun, PackedRun, PackedRuns } from "./run.ts";
import packed from "./runs.json" with { type: "json" };

let runs: readonly MeasuredRun[] | null = null;

/** Every measured run, unpacked when it is first asked for. */
export function measuredRuns(): readonly MeasuredRun[] {
  return runs ??= unpackRuns(packed as unknown as PackedRuns);
}

/** Reads what {@linkcode packRuns} wrote. */
export function unpackRuns(from: PackedRuns): MeasuredRun[] {
  return from.runs.map((run) => unpackRun(run, from));
}

function unpackRun(
  [model, sections, gpu, confidence, place, rest, readings]: PackedRun,
  from: PackedRuns,
): MeasuredRun {
  const [given, name, type, parameters] = at(from.models, model);
  return {
    model: { name, type, parameters },
    scenario: {
      model: given,
      ...Object.fromEntries(
        sections.map((number) => at(from.sections, number)),
      ),
    },
    gpu: at(from.gpus, gpu),
    confidence: at(from.confidences, confidence),
    source: at(from.places, place) + rest,
    readings: readings.map(([counter, bytes, errors]) => ({
      counter: at(from.counters, counter),
      measured_bytes: bytes,
      errors: Object.fromEntries(
        from.methods.flatMap((method, index) => {
          const error = errors[index] ?? null;
          return error === null ? [] : [[method, error]];
        }),
      ),
    })),
  };
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) {
    throw new RangeError(`runs.json has no line ${index} where it names one`);
  }
  return found;
}
