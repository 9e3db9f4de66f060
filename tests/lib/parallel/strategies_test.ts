import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  estimateScenario,
  heldBytes,
  parseScenario,
  putAt,
  toInput,
} from "../../../lib/mod.ts";
import type { GpuLayout, Scenario } from "../../../lib/mod.ts";
import { strategies } from "../../../lib/mod.ts";
import { meshOf } from "../../../lib/parallel/mesh.ts";
import { playRanks } from "../../../lib/engines/step.ts";
import { resolveModel } from "../../../lib/models/resolve_model.ts";
import type { Model } from "../../../lib/models/model.ts";

const CASES = [
  {
    model: "meta-llama/Llama-3.1-8B",
    gpus: 16,
    train: { checkpointing: "full", gradient_accumulation: 8 },
  },
  {
    model: "mistralai/Mixtral-8x7B-v0.1",
    gpus: 8,
    train: { checkpointing: "full", sequence_length: 4096 },
  },
  { model: "google-t5/t5-base", gpus: 6, train: {} },
  { model: "meta-llama/Llama-3.1-8B", gpus: 8, train: { method: "lora" } },
  { model: "meta-llama/Llama-3.1-8B", gpus: 1, train: { method: "lora" } },
] as const;

for (const { model: name, gpus, train } of CASES) {
  const scenario = scenarioOf({ model: name, train });
  const model = modelOf(scenario);
  const { rows, left_out } = strategies(scenario, model, gpus);

  Deno.test(`layouts of ${name} on ${gpus} are those that estimate answers`, () => {
    assert(rows.length > 0);
    assertEquals(left_out, 0);
    const seen = new Set<string>();
    for (const row of rows) {
      const laidOut = scenarioOf(withSet(scenario, row));
      const { parallel: { tp, pp, cp } } = laidOut;
      assertEquals(laidOut.parallel.gpus, gpus);
      assertEquals(gpus % (tp * pp * cp), 0);
      seen.add(JSON.stringify(row.set));
      const mesh = meshOf(
        laidOut.parallel,
        model.architecture,
        laidOut.engine.name,
      );
      const ranks = mesh.ok ? playRanks(laidOut, model) : {
        reason: mesh.problems.map(({ message }) => message).join("; "),
      };
      if ("reason" in ranks) {
        assertEquals(row, {
          set: row.set,
          peak_bytes: null,
          fits: null,
          smallest_gpu: null,
          reason: ranks.reason,
        });
        continue;
      }
      // Of all ranks, though a list plays those alone that may hold most.
      assert(row.peak_bytes >= (ranks[0]?.peak.bytes ?? Infinity));
    }
    assertEquals(seen.size, rows.length);
  });

  Deno.test(`layouts of ${name} on ${gpus} fit as estimates say`, () => {
    for (const row of rows.filter((_, at) => at % 5 === 0)) {
      if (row.peak_bytes === null) continue;
      const answer = estimateScenario(
        scenarioOf(withSet(scenario, row)),
        model,
      );
      assert(answer.ok);
      const { memory, fit, method } = answer.value;
      assertEquals(method, "timeline");
      assertEquals(heldBytes(memory), row.peak_bytes);
      assertEquals(row.fits, fit[0]?.fits);
      if (row.smallest_gpu === null) continue;
      const there = estimateScenario({
        ...answer.value.scenario,
        hardware: { ...scenario.hardware, gpu: row.smallest_gpu },
      }, model);
      assert(there.ok);
      assertEquals(there.value.fit[0]?.fits, true, row.smallest_gpu);
    }
  });
}

Deno.test("layouts come with the least bytes first, and why not at the end", () => {
  const scenario = scenarioOf({
    model: "meta-llama/Llama-3.1-8B",
    train: { method: "qlora" },
  });
  const { rows } = strategies(scenario, modelOf(scenario), 8);
  const peaks = rows.flatMap(({ peak_bytes }) => peak_bytes ?? []);
  assertEquals(peaks, peaks.toSorted((a, b) => a - b));
  const first = rows.findIndex(({ reason }) => reason !== null);
  assertEquals(first, peaks.length);
  assertEquals(rows.slice(first).map(({ set, reason }) => [set, reason]), [[
    { "parallel.gpus": 8, "engine.name": "megatron" },
    "train.method qlora is not played with Megatron-Core, whose weights are never in 4 bits: lora is",
  ]]);
});

Deno.test("Llama-3.1-405B on 512 GPUs has hundreds of layouts, few of which fit", () => {
  const scenario = scenarioOf({
    model: "meta-llama/Llama-3.1-405B",
    train: {
      checkpointing: "full",
      sequence_length: 8192,
      gradient_accumulation: 16,
    },
    hardware: { gpu: "H100-80GB" },
  });
  const { rows, left_out } = strategies(scenario, modelOf(scenario), 512);
  assert(rows.length > 150, `${rows.length}`);
  assertEquals(left_out, 0);
  const fitting = rows.filter(({ fits }) => fits);
  assert(fitting.length > 0 && fitting.length < rows.length / 2);
  // 126 layers over 16 stages: 8 each, and 7 beside the embeddings and the head.
  assert(
    rows.some(({ set }) =>
      set["parallel.pp"] === 16 &&
      set["parallel.layers_of_first_stage"] === 7 &&
      set["parallel.layers_of_last_stage"] === 7
    ),
  );
});

Deno.test("what a model cannot be split over is said with why", () => {
  // 28 heads, of which 8 ranks cannot have as many each.
  const scenario = scenarioOf({ model: "Qwen/Qwen2.5-7B" });
  const { rows } = strategies(scenario, modelOf(scenario), 8);
  const [refused, ...more] = rows.filter(({ reason }) => reason !== null);
  assertEquals(more, []);
  assertEquals(refused?.set["parallel.tp"], 8);
  assertStringIncludes(refused?.reason ?? "", "28 attention heads");
  assertEquals(
    rows.filter(({ set }) => set["parallel.tp"] === 8).length,
    1,
  );
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

function modelOf({ model }: Scenario): Model {
  const found = resolveModel(model);
  if (!found.ok) throw new Error(found.problems[0]?.message ?? "");
  return found.value;
}
