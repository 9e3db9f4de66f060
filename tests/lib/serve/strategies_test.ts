import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { GpuLayout, Scenario, ScenarioInput } from "../../../lib/mod.ts";
import {
  estimateScenario,
  parseScenario,
  putAt,
  strategies,
  toInput,
} from "../../../lib/mod.ts";
import { resolveModel } from "../../../lib/models/resolve_model.ts";

const CASES: [ScenarioInput, gpus: number, layouts: number][] = [
  [{ model: "llama3.1-70b", serve: { engine: "vllm", batch: 16 } }, 8, 10],
  [{ model: "qwen3-30b-a3b", serve: { engine: "vllm", batch: 16 } }, 4, 11],
  [{ model: "qwen3-30b-a3b", serve: { engine: "sglang" } }, 4, 9],
  [{ model: "qwen3-8b", serve: { engine: "tensorrt-llm" } }, 4, 6],
  [{ model: "qwen3-8b", serve: { engine: "tgi" } }, 8, 4],
  [{ model: "qwen3-8b", serve: { engine: "transformers" } }, 2, 3],
  [{ model: "qwen3-8b", serve: { engine: "llama.cpp" } }, 2, 1],
];

for (const [input, gpus, layouts] of CASES) {
  const scenario = scenarioOf({
    ...input,
    task: "serve",
    hardware: { gpu: "A100-80GB" },
  });
  const found = resolveModel(scenario.model);
  assert(found.ok);
  const model = found.value;
  const { rows, left_out } = strategies(scenario, model, gpus);

  Deno.test(`layouts of ${input.model} on ${gpus} with ${scenario.serve.engine} are those that estimate answers`, () => {
    assertEquals([rows.length, left_out], [layouts, 0]);
    const peaks = rows.map(({ peak_bytes }) => peak_bytes ?? Infinity);
    assertEquals(peaks, peaks.toSorted((a, b) => a - b));
    for (const row of rows) {
      const laidOut = scenarioOf(withSet(scenario, row));
      assertEquals(laidOut.parallel.gpus, gpus);
      const answer = estimateScenario(laidOut, model);
      assert(answer.ok && answer.value.method === "timeline");
      const { serve, kv, fit } = answer.value;
      const holds = (kv?.max_sequences ?? Infinity) >= laidOut.serve.batch;
      const isPooled = (serve?.kv_pool_bytes ?? null) !== null;
      assertEquals(
        row.fits,
        fit[0]?.fits === true && (!isPooled || holds),
        JSON.stringify(row.set),
      );
      const { kv_tokens = null } = serve ?? {};
      assertEquals(
        row.kv_tokens,
        kv_tokens === null ? null : kv_tokens * (row.replicas ?? NaN),
      );
      if (row.smallest_gpu === null) continue;
      const there = estimateScenario({
        ...laidOut,
        hardware: { ...laidOut.hardware, gpu: row.smallest_gpu },
      }, model);
      assert(there.ok);
      assertEquals(there.value.fit[0]?.fits, true, row.smallest_gpu);
    }
  });
}

Deno.test("heads that a server cannot deal out are said with why", () => {
  const scenario = scenarioOf({
    model: "Qwen/Qwen2.5-7B",
    task: "serve",
    serve: { engine: "vllm" },
  });
  const found = resolveModel(scenario.model);
  assert(found.ok);
  const { rows } = strategies(scenario, found.value, 8);
  const last = rows.at(-1);
  assertEquals([last?.set["parallel.tp"], last?.peak_bytes], [8, null]);
  assertStringIncludes(last?.reason ?? "", "28 attention heads");
});

function withSet(scenario: Scenario, { set }: GpuLayout): unknown {
  const input = toInput(scenario);
  for (const [path, value] of Object.entries(set)) putAt(input, path, value);
  return input;
}

function scenarioOf(input: unknown): Scenario {
  const parsed = parseScenario(input);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message ?? "");
  return parsed.value;
}
