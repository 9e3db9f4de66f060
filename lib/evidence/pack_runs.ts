import { MEMORY_COUNTERS } from "./figure.ts";
import type { MeasuredRun, PackedRun, PackedRuns } from "./run.ts";

/** Where a source's place ends: its row or table follows. */
const PLACE = /^.*?(?=, |$)/;

/** Writes runs so that what repeats stands there once. */
export function packRuns(
  runs: readonly MeasuredRun[],
  methods: readonly string[],
): PackedRuns {
  const gpus = numbered<string | null>();
  const confidences = numbered<string>();
  const models = numbered<PackedRuns["models"][number]>();
  const sections = numbered<PackedRuns["sections"][number]>();
  const places = numbered<string>();
  const packed = runs.map((run): PackedRun => {
    const { model: given, ...others } = run.scenario;
    const { name, type, parameters } = run.model;
    const place = run.source.match(PLACE)?.[0] ?? "";
    return [
      models.number([given, name, type, parameters]),
      Object.entries(others).map((section) => sections.number(section)),
      gpus.number(run.gpu),
      confidences.number(run.confidence),
      places.number(place),
      run.source.slice(place.length),
      run.readings.map(({ counter, measured_bytes, errors }) => [
        MEMORY_COUNTERS.indexOf(counter),
        measured_bytes,
        methods.map((method) => errors[method] ?? null),
      ]),
    ];
  });
  return {
    methods: [...methods],
    counters: [...MEMORY_COUNTERS],
    gpus: gpus.list,
    confidences: confidences.list,
    models: models.list,
    sections: sections.list,
    places: places.list,
    runs: packed,
  };
}

/** The text of runs.json: a line for each thing. */
export function packedText(packed: PackedRuns): string {
  const lists = Object.entries(packed).map((
    [name, list]: [string, unknown[]],
  ) =>
    `${JSON.stringify(name)}: [\n${
      list.map((each) => JSON.stringify(each)).join(",\n")
    }\n]`
  );
  return `{\n${lists.join(",\n")}\n}\n`;
}

/** A list in which each thing stands once, with the number that it got. */
function numbered<T>(): { list: T[]; number: (thing: T) => number } {
  const list: T[] = [];
  const numbers = new Map<string, number>();
  return {
    list,
    number(thing) {
      const key = JSON.stringify(thing);
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, list.length);
      return list.push(thing) - 1;
    },
  };
}
