import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { tryEstimate } from "../../../lib/mod.ts";
import type { Estimate, Serving } from "../../../lib/mod.ts";
import { GIB } from "../../../lib/units/mod.ts";
import { assertOk } from "../results.ts";
import cases from "../../truth/serving/sglang.json" with { type: "json" };

interface Case {
  readonly id: string;
  readonly scenario: object;
  readonly expect: Readonly<Record<string, number | undefined>>;
}

function estimate(scenario: object): Estimate {
  const result = tryEstimate(scenario);
  assertOk(result);
  return result.value;
}

function served(scenario: object): Serving {
  const { serve } = estimate(scenario);
  assert(serve !== undefined);
  return serve;
}

/** What the engine's code gives, by the names that the answer has for it. */
const SETTINGS: Readonly<Record<string, string>> = {
  chunked_prefill_size: "chunked_prefill_size",
  mem_fraction_static: "mem_fraction_static",
  decode_cuda_graph_max_bs: "cuda_graph_max_bs",
  decode_cuda_graphs: "decode_cuda_graphs",
  prefill_cuda_graphs: "prefill_cuda_graphs",
  swa_tokens: "swa_max_total_num_tokens",
};

for (const { id, scenario, expect } of cases as readonly Case[]) {
  Deno.test(`${id} is as SGLang's own code has it`, () => {
    const { settings, kv_tokens } = served(scenario);
    for (const [name, setting] of Object.entries(SETTINGS)) {
      if (expect[name] !== undefined) {
        assertEquals(settings[setting], expect[name], name);
      }
    }
    if (expect["kv_tokens"] !== undefined) {
      assertEquals(kv_tokens, expect["kv_tokens"]);
    }
  });
}

const llama = { model: "meta-llama/Llama-3.1-8B", task: "serve" };
const on = (gpu: string, serve: object = {}, rest: object = {}) => ({
  ...llama,
  ...rest,
  serve: { engine: "sglang", ...serve },
  hardware: { gpu },
});

Deno.test("Llama-3.1-8B loads as SGLang logged it on an H100: 15.02 GB", () => {
  const { weights_bytes } = served(on("H100-80GB"));
  assertEquals((weights_bytes / GIB).toFixed(2), "15.02");
});

Deno.test("Llama-3.1-8B finds as much free as SGLang logged before loading it: 78.43 GB", () => {
  const { outside_bytes } = served(on("H100-80GB"));
  const free = 84943715697 - outside_bytes;
  assert(Math.abs(free / GIB - 78.43) < 0.1, `${free / GIB}`);
});

Deno.test("The table of requests is as wide as the longest sequence: 0.63 GB in a log", () => {
  const { memory } = estimate({
    model: "Qwen/Qwen3-30B-A3B",
    task: "serve",
    serve: { engine: "sglang", kv_cache_bytes: 392_920 * 98_304 },
    hardware: { gpu: "H200" },
  });
  const table = memory.parts.find(({ name }) => name === "request tables");
  // 4097 rows of 40960 + 4 numbers.
  assertEquals(table?.bytes, 4097 * 40964 * 4);
});

Deno.test("Weights that leave nothing are refused in SGLang's words", () => {
  const { starts, refusal, kv_tokens } = served(on("RTX 3060-12GB"));
  assertEquals([starts, kv_tokens], [false, 0]);
  assert(refusal);
  const fraction = served(on("RTX 4090", { memory_utilization: 0.5 }));
  assertEquals(fraction.starts, false);
  assertStringIncludes(
    fraction.refusal ?? "",
    "Loaded weights leave no GPU memory for the KV cache under --mem-fraction-static=0.5",
  );
});

Deno.test("A context beyond the model's is refused in SGLang's words", () => {
  assertStringIncludes(
    served(on("H100-80GB", { max_model_len: 200_000 })).refusal ?? "",
    "User-specified context_length (200000) is greater than the derived context_length (131072)",
  );
});

Deno.test("A pool that holds no window is refused in SGLang's words", () => {
  assertStringIncludes(
    served({
      model: "google/gemma-2-9b",
      task: "serve",
      serve: { engine: "sglang", kv_cache_bytes: 1e9 },
    }).refusal ?? "",
    "SWA pool (2583 tokens) cannot hold even one request",
  );
});

Deno.test("Windows have a pool of their own by what requests need, without a radix tree", () => {
  const { settings } = served({
    model: "openai/gpt-oss-20b",
    task: "serve",
    precision: { weights: "bf16" },
    serve: {
      engine: "sglang",
      kv_cache_bytes: 20e9,
      prefix_caching: false,
      max_sequences: 64,
    },
  });
  // 64 × (window 128 + 128 + 2 pages of 1) + 2 chunks of 8192 + 1 page.
  assertEquals(settings["swa_max_total_num_tokens"], 64 * 258 + 16384 + 1);
});

Deno.test("Gemma 3 keeps every token of its windows on Hopper", () => {
  const tokens = (gpu: string) =>
    served({
      model: "google/gemma-3-1b-it",
      task: "serve",
      serve: { engine: "sglang", kv_cache_bytes: 20e9 },
      hardware: { gpu },
    }).kv_tokens ?? 0;
  assert(tokens("H100-80GB") < tokens("A100-80GB"));
});

/** Qwen3-Next's shape with four layers, three of them with states. */
const HYBRID = {
  model: {
    config: {
      model_type: "qwen3_next",
      hidden_size: 2048,
      num_hidden_layers: 4,
      num_attention_heads: 16,
      num_key_value_heads: 2,
      head_dim: 256,
      intermediate_size: 5120,
      vocab_size: 151936,
      max_position_embeddings: 262144,
      linear_num_key_heads: 16,
      linear_num_value_heads: 32,
      linear_key_head_dim: 128,
      linear_value_head_dim: 128,
      linear_conv_kernel_dim: 4,
      num_experts: 0,
      mlp_only_layers: [0, 1, 2, 3],
      decoder_sparse_step: 1,
      moe_intermediate_size: 512,
      shared_expert_intermediate_size: 512,
      num_experts_per_tok: 10,
    },
  },
  task: "serve",
};

Deno.test("max_total_tokens caps the pools, in whole pages", () => {
  const capped = served(
    on("H100-80GB", { cache_tokens: 1000, block_size: 64 }),
  );
  assertEquals(capped.kv_tokens, 960);
  const beyond = on("H100-80GB", { cache_tokens: 2 ** 28 });
  assertEquals(served(beyond).kv_tokens, served(on("H100-80GB")).kv_tokens);
  const windows = served(
    on("H100-80GB", { cache_tokens: 20_000 }, { model: "openai/gpt-oss-20b" }),
  );
  assertEquals(windows.kv_tokens, 20_000);
  assertEquals(windows.settings["swa_max_total_num_tokens"], 16_000);
});

Deno.test("States take 0.9 of 1.9 of what is left, and requests a third of their slots", () => {
  const { settings, kv_tokens, devices } = served({
    ...HYBRID,
    serve: { engine: "sglang", kv_cache_bytes: 10e9 },
  });
  // Convolution (2 × 2048 + 4096) × 3 in bf16, and 32 × 128 × 128 in fp32.
  const state = 3 * (8192 * 3 * 2 + 32 * 128 * 128 * 4);
  const slots = Math.floor((10e9 * 0.9 / 1.9 - state) / state);
  assertEquals(settings["max_mamba_cache_size"], slots);
  assertEquals(settings["max_running_requests"], Math.floor(slots / 3));
  assertEquals(devices[0]?.state_bytes, (slots + 1) * state);
  assertEquals(
    kv_tokens,
    Math.floor((10e9 - (slots + 1) * state) / (2 * 256 * 2 * 2)),
  );
});

Deno.test("A latent row is on every rank, and an indexer's beside it", () => {
  const v3 = served({
    model: "deepseek-ai/DeepSeek-V3",
    task: "serve",
    serve: { engine: "sglang", kv_cache_bytes: 10e9, block_size: 1 },
    parallel: { gpus: 8, tp: 8 },
    hardware: { gpu: "H200" },
  });
  assertEquals(v3.kv_tokens, Math.floor(10e9 / (61 * 576 * 2)));
});

Deno.test("A stage's rank has its own layers, and the fewest tokens are all's", () => {
  const whole = served(on("H100-80GB", { kv_cache_bytes: 10e9 }));
  const piped = served(
    on("H100-80GB", { kv_cache_bytes: 10e9 }, {
      parallel: { gpus: 2, pp: 2 },
    }),
  );
  assertEquals(piped.kv_tokens, 2 * (whole.kv_tokens ?? 0) + 1);
  assert(piped.weights_bytes < 0.6 * whole.weights_bytes);
});

Deno.test("Types of the cache that SGLang has not are named with those it has", () => {
  const result = tryEstimate(on("H100-80GB", { kv_dtype: "q8_0" }));
  assert(!result.ok);
  assertEquals(result.problems, [{
    path: "serve.kv_dtype",
    message:
      'serve.kv_dtype must be one of auto, bf16, fp16, fp8 with sglang: current value is "q8_0"',
  }]);
});

Deno.test("Experts are dealt out among the ranks of tensor parallelism alone", () => {
  const result = tryEstimate({
    model: "Qwen/Qwen3-30B-A3B",
    task: "serve",
    serve: { engine: "sglang" },
    parallel: { gpus: 4, tp: 2, ep: 4 },
  });
  assert(!result.ok);
  assertStringIncludes(
    result.problems[0]?.message ?? "",
    "parallel.ep must divide parallel.tp = 2 with sglang",
  );
});

Deno.test("A draft's layers make every cell larger, and its weights lie beside", () => {
  const alone = served(on("H100-80GB", { kv_cache_bytes: 10e9 }));
  const drafted = served(
    on("H100-80GB", {
      kv_cache_bytes: 10e9,
      draft_model: "meta-llama/Llama-3.2-1B",
    }),
  );
  assertEquals(
    drafted.kv_tokens,
    Math.floor(10e9 / Math.trunc(131072 * (1 + 16 / 32))),
  );
  assert(drafted.weights_bytes > alone.weights_bytes + 2e9);
});

Deno.test("no sequence is longer than the pool, and none is taken where it does not start", () => {
  const asked = {
    model: "meta-llama/Llama-3.1-8B",
    task: "serve",
    serve: { engine: "sglang" },
  };
  const tight = served({ ...asked, hardware: { gpu: "RTX 4090" } });
  assert(tight.kv_tokens && tight.kv_tokens < 131_072);
  assertEquals([tight.max_model_len, tight.max_concurrency], [
    tight.kv_tokens,
    1,
  ]);
  const none = served({ ...asked, hardware: { gpu: "RTX 4060" } });
  assertEquals([none.starts, none.max_model_len], [false, 0]);
  assertEquals(served(asked).max_model_len, 131_072);
});
