import { assert, assertEquals } from "@std/assert";
import { readCases } from "../../lib/evidence/case.ts";
import { MEMORY_COUNTERS } from "../../lib/evidence/figure.ts";
import { packedText, packRuns } from "../../lib/evidence/pack_runs.ts";
import { runsByDistance } from "../../lib/evidence/nearest.ts";
import { measuredRuns, unpackRuns } from "../../lib/evidence/runs.ts";
import { sourceUrl } from "../../lib/evidence/source_url.ts";
import { METHOD_BY_NAME } from "../../lib/methods/mod.ts";
import { estimate, nearestRuns, tryEstimate } from "../../lib/mod.ts";
import type { Estimate, NearReading } from "../../lib/mod.ts";
import measured from "../truth/measured.json" with { type: "json" };

const cases = readCases(measured);
assert(cases.ok);
const whole = cases.value.filter(({ readings: [{ counter }] }) =>
  MEMORY_COUNTERS.some((name) => name === counter)
);

Deno.test("measuredRuns() holds every measured figure of a whole run", () => {
  const readings = measuredRuns().flatMap(({ readings }) => readings);
  const wanted = new Set(
    whole.map(({ readings: [{ counter, bytes }] }) => `${counter} ${bytes}`),
  );
  const found = new Set(
    readings.map(({ counter, measured_bytes }) =>
      `${counter} ${measured_bytes}`
    ),
  );
  assertEquals(found, wanted);
  assert(readings.length <= whole.length);
});

Deno.test("packRuns() loses nothing", () => {
  const runs = measuredRuns();
  const text = packedText(packRuns(runs, Object.keys(METHOD_BY_NAME)));
  assertEquals(unpackRuns(JSON.parse(text)), [...runs]);
});

Deno.test("runs.json stays small", () => {
  const bytes = packedText(
    packRuns(measuredRuns(), Object.keys(METHOD_BY_NAME)),
  );
  assert(bytes.length < 200_000, `${bytes.length} bytes`);
});

Deno.test("runsByDistance() finds each measured run itself, with its figure and its error", () => {
  for (const { id, scenario, readings: [reading] } of whole) {
    const result = tryEstimate({ ...scenario, method: "factors" });
    assert(result.ok);
    const own = readingsOfTheSame(result.value).find((
      { counter, measured_bytes },
    ) => counter === reading.counter && measured_bytes === reading.bytes);
    assert(own, id);
    const { memory } = result.value;
    const error = memory.device_peak_bytes / reading.bytes - 1;
    assert(own.error !== null && Math.abs(own.error - error) <= 0.0005, id);
  }
});

/** What runs of the very same settings used. */
function readingsOfTheSame(estimate: Estimate): NearReading[] {
  const found: NearReading[] = [];
  for (const { distance, readings } of runsByDistance(estimate)) {
    if (distance > 0) break;
    found.push(...readings);
  }
  return found;
}

function near(input: Parameters<typeof estimate>[0]): Estimate {
  return estimate({ method: "factors", ...input });
}

const ASKED = near({
  model: "mistralai/Mistral-7B-v0.1",
  train: { method: "lora", micro_batch: 4, checkpointing: "full" },
});

Deno.test("runsByDistance() puts the nearest first, and says in what each differs", () => {
  const runs = [...runsByDistance(ASKED)];
  assert(runs.length > 200);
  for (const [at, { distance, differences, scenario }] of runs.entries()) {
    assert(distance >= (runs[at - 1]?.distance ?? 0));
    assertEquals(distance === 0, differences.length === 0);
    assertEquals(scenario.task, "train");
  }
  assertEquals(runs[0]?.scenario.train.method, "lora");
});

Deno.test("nearestRuns() takes the nearest, but two of one publication at most", () => {
  const found = nearestRuns(ASKED, 6);
  assertEquals(found.length, 6);
  const publications = found.map(({ source }) => source.text.split(" ")[0]);
  for (const one of publications) {
    assert(publications.filter((other) => other === one).length <= 2);
  }
  const all = [...runsByDistance(ASKED)];
  assertEquals(found[0], all[0]);
  const places = found.map(({ source: { text }, distance }) =>
    all.findIndex((run) =>
      run.source.text === text && run.distance === distance
    )
  );
  assertEquals(places, places.toSorted((a, b) => a - b));
});

Deno.test("nearestRuns() tells a difference with the run's value before the asked one's", () => {
  const [first] = nearestRuns(ASKED, 1);
  assert(first);
  const { scenario: { train } } = ASKED;
  const tokens = first.differences.find((each) =>
    each.startsWith("tokens per GPU")
  );
  const { micro_batch, sequence_length } = first.scenario.train;
  assertEquals(
    tokens,
    `tokens per GPU ${micro_batch} × ${
      sequence_length.toLocaleString("en")
    }, not ${train.micro_batch} × 2,048`,
  );
});

Deno.test("runsByDistance() keeps training and serving apart", () => {
  const asked = near({ model: "llama2-7b", task: "serve" });
  const runs = [...runsByDistance(asked)];
  assert(runs.length > 100);
  for (const { scenario } of runs) assertEquals(scenario.task, "serve");
});

Deno.test("runsByDistance() gives scenarios that are estimated again", () => {
  for (const { scenario } of runsByDistance(ASKED)) {
    const again = tryEstimate(scenario);
    assert(again.ok);
    assertEquals(again.value.scenario, scenario);
  }
});

Deno.test("runsByDistance() marks where a method's one total stands for a counter", () => {
  for (const { readings } of runsByDistance(ASKED)) {
    for (const { counter, one_total } of readings) {
      assertEquals(one_total, counter !== "device_peak");
    }
  }
  const counting: Estimate = {
    ...ASKED,
    memory: { ...ASKED.memory, allocated_peak_bytes: 1 },
  };
  for (const { readings } of runsByDistance(counting)) {
    for (const { one_total } of readings) assertEquals(one_total, false);
  }
});

const SOURCES: [source: string, path: string | null][] = [
  [
    "foundation-model-stack/fms-acceleration @876e2ed6fc: scripts/benchmarks/refs/a100_80gb.csv, row 4",
    "foundation-model-stack/fms-acceleration/blob/876e2ed6fc/scripts/benchmarks/refs/a100_80gb.csv",
  ],
  [
    "QwenLM/Qwen2.5 docs (in QwenLM/Qwen3 history @a912d23): docs/source/benchmark/speed_benchmark.rst, line 49",
    "QwenLM/Qwen3/blob/a912d23/docs/source/benchmark/speed_benchmark.rst",
  ],
  [
    "ikawrakow/ik_llama.cpp @8337e4cd38: github-data/discussions/393 - Creating quantized models.md, log lines",
    "ikawrakow/ik_llama.cpp/blob/8337e4cd38/github-data/discussions/393%20-%20Creating%20quantized%20models.md",
  ],
  // The commit before is not named by an address; the commit shows it.
  [
    "pytorch/ao @c4ca58dbb^: torchao/_models/llama/benchmark_results.txt, line 3",
    "pytorch/ao/commit/c4ca58dbb",
  ],
  [
    "pytorch/torchtune @30b8519e8, README memory table",
    "pytorch/torchtune/commit/30b8519e8",
  ],
  [
    "pytorch/torchtitan 83c879f18, commit message log",
    "pytorch/torchtitan/commit/83c879f18",
  ],
  [
    "pytorch/torchtitan via pytorch/ao 988c5c978, commit message log",
    "pytorch/ao/commit/988c5c978",
  ],
  ["vllm-project/vllm PR #12569, log lines", "vllm-project/vllm/pull/12569"],
  [
    "vllm-project/vllm issue #21348, log lines",
    "vllm-project/vllm/issues/21348",
  ],
  [
    "pytorch/torchtune HEAD, Llama 3 tutorial, generation",
    "pytorch/torchtune",
  ],
  ["public notebook or log on GitHub, startup log", null],
  ["not stated", null],
];

for (const [source, path] of SOURCES) {
  Deno.test(`sourceUrl() of "${source.slice(0, 60)}"`, () => {
    assertEquals(sourceUrl(source), path && `https://github.com/${path}`);
  });
}
