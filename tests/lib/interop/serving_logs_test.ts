import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  besideLog,
  scenarioOfConfiguration,
  tryEstimate,
} from "../../../lib/mod.ts";
import type { Imported } from "../../../lib/mod.ts";
import { MAX_LOG_LENGTH } from "../../../lib/interop/reading/serving/source.ts";
import { GIB, MIB } from "../../../lib/units/mod.ts";
import { assertOk } from "../results.ts";

const FOLDER = new URL("../../truth/configurations/", import.meta.url);

async function logged(name: string): Promise<Imported> {
  return read(await Deno.readTextFile(new URL(name, FOLDER)));
}

function read(text: string): Imported {
  const result = scenarioOfConfiguration(text);
  assertOk(result);
  return result.value;
}

/** Figures by name and device. */
function figuresOf({ figures = [] }: Imported): Record<string, number> {
  return Object.fromEntries(
    figures.map(({ name, device, value }) => [
      device === null ? name : `${name} ${device}`,
      value,
    ]),
  );
}

Deno.test("vLLM's log tells weights, pool, tokens, concurrency and graphs", async () => {
  assertEquals(figuresOf(await logged("vllm_v1.log")), {
    weights_bytes: Math.round(14.9889 * GIB),
    kv_pool_bytes: Math.round(56.08 * GIB),
    kv_tokens: 459_392,
    max_concurrency: 14.02,
    graph_bytes: Math.round(0.51 * GIB),
  });
});

Deno.test("vLLM's older logs tell blocks of 16 tokens and the GPU's memory", async () => {
  const imported = await logged("vllm_v0.log");
  assertEquals(figuresOf(imported)["kv_tokens"], 4388 * 16);
  assertEquals(figuresOf(imported)["compute_bytes"], Math.round(0.68 * GIB));
  assertEquals(imported.scenario["hardware"], { gpu: { memory_gib: 23.64 } });
});

Deno.test("SGLang's log tells weights, tokens and both halves of the cache", async () => {
  assertEquals(figuresOf(await logged("sglang_lora.log")), {
    weights_bytes: Math.round(15.02 * GIB),
    kv_pool_bytes: Math.round(2.5 * GIB),
    kv_tokens: 20_480,
    graph_bytes: Math.round(0.06 * GIB),
  });
});

Deno.test("SGLang's windows have a pool whose full tokens count, and a draft's weights do not", () => {
  const imported = read(
    `[2026-01-01 00:00:00] Load weight end. elapsed=1 s, type=Gemma4ForConditionalGeneration, avail mem=97.30 GB, mem usage=15.56 GB.
[2026-01-01 00:00:01] Load weight end. elapsed=1 s, type=Qwen3NextForCausalLMMTP, avail mem=30 GB, mem usage=99.00 GB.
SWAKVPool mem usage: 79.94 GB, swa size: 798276, full size: 997846`,
  );
  assertEquals(figuresOf(imported), {
    weights_bytes: Math.round(15.56 * GIB),
    kv_pool_bytes: Math.round(79.94 * GIB),
    kv_tokens: 997_846,
  });
});

Deno.test("llama.cpp's log tells each device's buffers", async () => {
  const figures = figuresOf(await logged("llama_split.log"));
  assertEquals(
    figures["weights_bytes GPU 1"],
    Math.round(18563.82 * MIB),
  );
  assertEquals(figures["weights_bytes host"], Math.round(563.62 * MIB));
  assertEquals(figures["kv_pool_bytes GPU 0"], 656 * MIB);
  assertEquals(figures["compute_bytes GPU 1"], Math.round(400.02 * MIB));
});

Deno.test("llama.cpp's two caches add up, and what was tried first is forgotten", () => {
  const imported = read(`llama_context: constructing llama_context
llama_kv_cache:      CUDA0 KV buffer size =   999.00 MiB
llama_context: constructing llama_context
llama_kv_cache_iswa: creating non-SWA KV cache, size = 9216 cells
llama_kv_cache:      CUDA0 KV buffer size =   216.00 MiB
llama_kv_cache:      CUDA0 KV buffer size =    24.00 MiB
llama_memory_recurrent:      CUDA0 RS buffer size =    10.00 MiB
llama_context:  CUDA_Host compute buffer size =    24.01 MiB`);
  assertEquals(figuresOf(imported), {
    "kv_pool_bytes GPU 0": 250 * MIB,
    "compute_bytes host": Math.round(24.01 * MIB),
  });
});

Deno.test("a log's figures are set beside the estimate, and what agrees as printed is said", async () => {
  const imported = await logged("sglang_lora.log");
  const estimate = tryEstimate({
    ...imported.scenario,
    hardware: { gpu: "H100-80GB" },
  });
  assertOk(estimate);
  const rows = besideLog(imported.figures ?? [], estimate.value);
  assertEquals(rows.map(({ name }) => name), [
    "weights_bytes",
    "kv_pool_bytes",
    "kv_tokens",
    "graph_bytes",
  ]);
  const [weights, , tokens] = rows;
  assertEquals(weights?.within_rounding, true);
  assertEquals(tokens?.estimated, estimate.value.serve?.kv_tokens);
  assertEquals(tokens?.off, (tokens?.estimated ?? 0) / 20_480 - 1);
  assertMatch(weights?.line ?? "", /^Load weight end\..*mem usage=15\.02 GB/);
});

Deno.test("a log beside an estimate of training has nothing to compare", async () => {
  const { figures = [] } = await logged("vllm_v1.log");
  const estimate = tryEstimate({ model: "gpt2" });
  assertOk(estimate);
  const [row] = besideLog(figures, estimate.value);
  assertEquals([row?.estimated, row?.off, row?.within_rounding], [
    null,
    null,
    false,
  ]);
});

/** What a log that ends early does not tell. */
const CUT: [name: string, reasons: string[]][] = [
  ["vllm_cut.log", ["how many tokens the cache holds"]],
  ["llama_partial.log", [
    "how large the cache is",
    "how large the compute buffers are",
  ]],
];

for (const [name, reasons] of CUT) {
  Deno.test(`what ${name} lacks is said, and moves nothing`, async () => {
    const { ignored, warnings } = await logged(name);
    assertEquals(
      ignored.filter(({ key }) => key === "the log")
        .map(({ reason, moves_memory }) => [reason, moves_memory]),
      reasons.map((each) => [
        `the log does not tell ${each}: it may be cut`,
        false,
      ]),
    );
    assertEquals(warnings, []);
  });
}

Deno.test("a log cut within a line, a number or a setting is read as far as it goes", async () => {
  const text = await Deno.readTextFile(new URL("vllm_v1.log", FOLDER));
  for (let length = 0; length < text.length; length += 97) {
    const result = scenarioOfConfiguration(text.slice(0, length));
    assert(result.ok || result.problems.length > 0);
  }
});

Deno.test("a log may be longer than a configuration, and is refused where it is too long", () => {
  const line = "INFO Model loading took 14.9889 GiB and 12 seconds\n";
  const noise = "INFO something else happened in the meantime\n";
  const long = line + noise.repeat(20_000);
  assert(long.length < MAX_LOG_LENGTH && long.length > 65_536);
  assertEquals(
    figuresOf(read(long))["weights_bytes"],
    Math.round(14.9889 * GIB),
  );
  const refused = scenarioOfConfiguration(line + noise.repeat(30_000));
  assert(!refused.ok);
  assertMatch(refused.problems[0]?.message ?? "", /at most 65536 characters/);
});

Deno.test("absurd lines of logs take bounded work", () => {
  const texts = [
    `load_tensors: CUDA0 model buffer size = 1.00 MiB\n${"a".repeat(500_000)}`,
    `KV Cache is allocated. ${"Load weight end. ".repeat(20_000)}`,
    `Model loading took 1.0 GiB\n${"LLM engine (v".repeat(30_000)}`,
    `GPU KV cache size: 1 tokens\n${"non-default args: {model='".repeat(9000)}`,
    `CUDA0 KV buffer size = 1.00 MiB\n${"\n".repeat(900_000)}`,
    `KV buffer size = 1\n${"loaded meta data with  from ".repeat(20_000)}`,
    `# GPU blocks: ${"9".repeat(400_000)}`,
  ];
  for (const text of texts) {
    // Work that grows with the square of a text would not end here.
    const result = scenarioOfConfiguration(text);
    assert(result.ok || result.problems.length > 0);
  }
});

Deno.test("vLLM's log that ends before anything was measured tells its settings", () => {
  const read = scenarioOfConfiguration(
    "INFO 09-10 10:00:05 [api_server.py:1395] vLLM API server version 0.10.1\n" +
      "INFO 09-10 10:00:05 [cli_args.py:325] non-default args: {'model': 'Qwen/Qwen3-30B-A3B', 'max_model_len': 32768}\n" +
      "INFO 09-10 10:00:20 [model_run",
  );
  assertOk(read);
  assertEquals(read.value.scenario, {
    ...read.value.scenario,
    model: "Qwen/Qwen3-30B-A3B",
  });
  assertEquals(read.value.formats.map(({ id }) => id), ["vllm-log"]);
});
