import { isDeepStrictEqual } from "node:util";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "../../npm/fast-check.ts";
import type { Scenario, ScenarioInput } from "../../../lib/mod.ts";
import {
  estimate,
  EXPORTS,
  exportScenario,
  leavesOf,
  parseScenario,
  scenarioOfConfiguration,
} from "../../../lib/mod.ts";
import { assertOk } from "../results.ts";

const maybe = <T>(...values: T[]) => fc.constantFrom<T | null>(null, ...values);

/** Scenarios of one serving engine, with settings of all. */
function scenariosOf(engine: string): fc.Arbitrary<Scenario> {
  return fc.record({
    model: fc.constantFrom("Qwen/Qwen3-8B", "meta-llama/Llama-3.1-8B"),
    task: fc.constant("serve"),
    precision: fc.record({
      weights: fc.constantFrom("bf16", "fp16", "fp32"),
    }),
    quantization: fc.record({
      weights: maybe("fp8", "nf4", "awq-int4", "gguf:Q4_K_M", "mxfp4"),
    }),
    parallel: fc.constantFrom(
      { gpus: 1 },
      { gpus: 2, tp: 2 },
      { gpus: 4, tp: 2, pp: 2 },
      { gpus: 4, tp: 2 },
    ),
    serve: fc.record({
      engine: fc.constant(engine),
      memory_utilization: maybe(0.5, 0.92),
      max_model_len: maybe(4096, 20_000),
      max_sequences: maybe(16),
      max_batched_tokens: maybe(8192),
      kv_dtype: fc.constantFrom("auto", "fp8", "bf16", "fp16", "q8_0"),
      kv_cache_bytes: maybe(10_000_000_000),
      block_size: maybe(16, 64),
      enforce_eager: maybe(true, false),
      prefix_caching: maybe(true, false),
      hybrid_kv_cache: maybe(true, false),
      chunked_prefill_tokens: maybe(4096),
      swa_full_tokens_ratio: maybe(0.5),
      max_loras: maybe(2),
      max_lora_rank: maybe(32),
      draft_model: maybe("Qwen/Qwen3-0.6B"),
      cache_tokens: maybe(8192),
      batch_tokens: maybe(1024),
      ubatch_tokens: maybe(256),
      slots: maybe(1, 4),
      kv_unified: maybe(true, false),
      flash_attention: maybe("auto", "on", "off"),
      swa_full: maybe(true, false),
      gpu_layers: maybe<number | string>("all", 12),
      cpu_moe_layers: maybe(4),
      kv_offload: maybe(true, false),
      op_offload: maybe(true, false),
      logits_all: maybe(true, false),
    }),
  }).map((input) => {
    const parsed = parseScenario(input as ScenarioInput);
    assertOk(parsed);
    return parsed.value;
  });
}

const ENGINES: Readonly<Record<string, string>> = { ollama: "llama.cpp" };
const SERVING = EXPORTS.filter(({ syntax }) =>
  syntax === "shell" || syntax === "modelfile"
);

for (const { id, draft } of SERVING) {
  Deno.test(`scenarioOfConfiguration() gives back what ${id} starts`, () => {
    fc.assert(
      fc.property(scenariosOf(ENGINES[id] ?? id), (scenario) => {
        const result = exportScenario(scenario, id);
        assertOk(result);
        const { text } = result.value;
        const read = scenarioOfConfiguration(text);
        assertOk(read, text);
        assertEquals(read.value.formats.map((each) => each.id), [id]);
        assertEquals(
          read.value.ignored.filter(({ reason }) => /^not a /.test(reason)),
          [],
        );
        const back = parseScenario({
          model: scenario.model,
          ...read.value.scenario,
        });
        assertOk(back, text);
        const now = leavesMap(back.value);
        const before = leavesMap(scenario);
        const off = draft(scenario).says.filter((path) =>
          !isDeepStrictEqual(now.get(path), before.get(path))
        ).map((path) =>
          `${path}: ${JSON.stringify(now.get(path))} instead of ${
            JSON.stringify(before.get(path))
          }`
        );
        assert(off.length === 0, [...off, text].join("\n"));
      }),
      { numRuns: 300 },
    );
  });

  Deno.test(`exportScenario() refuses what ${id} does not serve`, () => {
    const parsed = parseScenario({ model: "gpt2" });
    assertOk(parsed);
    const trained = exportScenario(parsed.value, id);
    assert(!trained.ok);
    assertEquals(
      trained.problems[0]?.message,
      'task must be serve: current value is "train"',
    );
    const other = parseScenario({ model: "gpt2", task: "serve" });
    assertOk(other);
    const served = exportScenario(other.value, id);
    assert(!served.ok);
    assertStringIncludes(
      served.problems[0]?.message ?? "",
      'current value is "transformers"',
    );
  });
}

function leavesMap(scenario: Scenario): Map<string, unknown> {
  return new Map(leavesOf(scenario).map(({ path, value }) => [path, value]));
}

Deno.test("exportScenario() writes a command with a flag a line, and what has no place", () => {
  const parsed = parseScenario({
    model: "meta-llama/Llama-3.1-70B-Instruct",
    task: "serve",
    quantization: { weights: "awq-int4" },
    parallel: { gpus: 4, tp: 2 },
    serve: {
      engine: "vllm",
      batch: 8,
      memory_utilization: 0.95,
      max_model_len: 32768,
      draft_model: "meta-llama/Llama-3.2-1B",
    },
  });
  assertOk(parsed);
  const result = exportScenario(parsed.value, "vllm");
  assertOk(result);
  assertEquals(result.value.file, "serve.sh");
  assertEquals(
    result.value.text,
    `# vLLM, written by Headroom
# name a checkpoint that is published in the scheme
# num_speculative_tokens is to be filled in
# quantization.weights ("awq-int4") has no place in it
# serve.batch (8) has no place in it
vllm serve meta-llama/Llama-3.1-70B-Instruct \\
  --dtype bfloat16 \\
  --tensor-parallel-size 2 \\
  --pipeline-parallel-size 1 \\
  --gpu-memory-utilization 0.95 \\
  --max-model-len 32768 \\
  --data-parallel-size 2 \\
  --speculative-config '{"model":"meta-llama/Llama-3.2-1B","num_speculative_tokens":5}'
`,
  );
});

Deno.test("exportScenario() quotes what a shell would take apart", () => {
  const parsed = parseScenario({
    model: "it's; rm -rf $HOME",
    task: "serve",
    serve: { engine: "sglang" },
  });
  assertOk(parsed);
  const result = exportScenario(parsed.value, "sglang");
  assertOk(result);
  assertStringIncludes(
    result.value.text,
    `--model-path 'it'\\''s; rm -rf $HOME'`,
  );
});

Deno.test("exportScenario() writes a Modelfile", () => {
  const parsed = parseScenario({
    model: "Qwen/Qwen3-8B",
    task: "serve",
    quantization: { weights: "gguf:Q4_K_M" },
    serve: { engine: "llama.cpp", cache_tokens: 16384, gpu_layers: 30 },
  });
  assertOk(parsed);
  const result = exportScenario(parsed.value, "ollama");
  assertOk(result);
  assertStringIncludes(
    result.value.text,
    "\nFROM ./Qwen3-8B-Q4_K_M.gguf\nPARAMETER num_ctx 16384\nPARAMETER num_gpu 30\n",
  );
});

Deno.test("a command of llama.cpp starts what the estimate is of", () => {
  for (const batch of [1, 8]) {
    const asked = {
      model: "meta-llama/Llama-3.1-8B",
      task: "serve",
      quantization: { weights: "gguf:Q4_K_M" },
      serve: { engine: "llama.cpp", batch, input_tokens: 4000 },
    } as const;
    const parsed = parseScenario(asked);
    assertOk(parsed);
    const result = exportScenario(parsed.value, "llama.cpp");
    assertOk(result);
    const read = scenarioOfConfiguration(result.value.text);
    assertOk(read);
    const [before, after] = [asked, read.value.scenario].map((each) =>
      estimate(each as ScenarioInput).memory.device_peak_bytes
    );
    assertEquals(after, before);
  }
});
