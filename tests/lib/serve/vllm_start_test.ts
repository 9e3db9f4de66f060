import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { tryEstimate } from "../../../lib/mod.ts";
import { GIB } from "../../../lib/units/mod.ts";
import { estimateServed, onVllm, served } from "./on_vllm.ts";

Deno.test("The pool is what the share leaves beside everything else", () => {
  const { memory, serve, fit: [gpu] } = estimateServed(onVllm("H100-80GB"));
  assert(serve);
  const allocated = memory.parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const share = Math.ceil(0.92 * (gpu?.usable_bytes ?? 0));
  // Kernels are loaded after vLLM has looked: they are a part of the share.
  const left = share - allocated;
  assert(left > 0 && left < 0.2 * GIB, `${left}`);
  assertEquals(
    memory.device_peak_bytes,
    serve.outside_bytes +
      memory.parts.reduce((sum, { bytes }) => sum + bytes, 0),
  );
});

Deno.test("A length whose cache is larger than the pool is refused in vLLM's words", () => {
  const { starts, refusal, max_model_len } = served(onVllm("RTX 4090"));
  assertEquals(starts, false);
  assertStringIncludes(
    refusal ?? "",
    "To serve at least one request with the model's max seq len (131072), (16 GiB KV cache is needed, which is larger than the available KV cache memory (",
  );
  assertStringIncludes(
    refusal ?? "",
    `the estimated maximum model length is ${max_model_len}.`,
  );
  const shorter = served(onVllm("RTX 4090", { max_model_len }));
  assertEquals([shorter.starts, shorter.refusal], [true, null]);
  const longer = served(
    onVllm("RTX 4090", { max_model_len: (max_model_len ?? 0) + 16 }),
  );
  assertEquals(longer.starts, false);
});

Deno.test("The least share with which it starts is told, and it starts with it", () => {
  const { settings } = served(onVllm("H100-80GB"));
  const least = Number(settings["least_gpu_memory_utilization"]);
  const with_ = (memory_utilization: number) =>
    served(onVllm("H100-80GB", { memory_utilization })).starts;
  assertEquals([with_(least), with_(least - 0.02)], [true, false]);
});

Deno.test("A share that is not free is refused in vLLM's words", () => {
  assertStringIncludes(
    served(onVllm("RTX 4090", { memory_utilization: 0.995 })).refusal ?? "",
    "is less than desired GPU memory utilization (0.995, 23.4 GiB)",
  );
});

Deno.test("Weights that leave nothing are refused in vLLM's words", () => {
  assertStringIncludes(
    served(onVllm("RTX 4090", { memory_utilization: 0.5 })).refusal ?? "",
    "No available memory for the cache blocks.",
  );
  assertStringIncludes(
    served(onVllm("RTX 3060-12GB")).refusal ?? "",
    "CUDA out of memory. GPU 0 has a total capacity of 11.63 GiB",
  );
});

Deno.test("A length beyond the model's is refused in vLLM's words", () => {
  assertStringIncludes(
    served(onVllm("H100-80GB", { max_model_len: 200_000 })).refusal ?? "",
    "User-specified max_model_len (200000) is greater than the derived max_model_len (max_position_embeddings=131072",
  );
});

Deno.test("A batch smaller than its sequences is refused in vLLM's words", () => {
  assertEquals(
    served(onVllm("H100-80GB", { max_batched_tokens: 128, max_sequences: 256 }))
      .refusal,
    "max_num_batched_tokens (128) must be greater than or equal to max_num_seqs (256).",
  );
});

Deno.test("A block that no kernel takes is refused", () => {
  assertStringIncludes(
    served(onVllm("H100-80GB", { block_size: 24 })).refusal ?? "",
    "No valid attention backend found for cuda with block_size=24",
  );
});

Deno.test("Of unlike cards the smallest decides how many blocks all have", () => {
  const tokens = (hardware: object) =>
    served({
      ...onVllm("RTX 4090"),
      parallel: { gpus: 2, tp: 2 },
      hardware,
    }).kv_tokens;
  assertEquals(
    tokens({ gpu: "RTX 3090", gpus: ["A100-80GB", "RTX 3090"] }),
    tokens({ gpu: "RTX 3090" }),
  );
});

Deno.test("Sequences that do not fit the pool wait, and how many is said", () => {
  const { warnings, kv } = estimateServed(
    onVllm("RTX 4090", {
      max_model_len: 8192,
      batch: 16,
      input_tokens: 8000,
      output_tokens: 192,
    }),
  );
  const fit = kv?.max_sequences ?? 0;
  assert(fit > 0 && fit < 16);
  assert(
    warnings.some((line) =>
      line.startsWith(`serve.batch: ${16 - fit} of 16 sequences wait`)
    ),
  );
});

Deno.test("A type that vLLM's cache has not is a problem with its name and those there are", () => {
  const result = tryEstimate({
    task: "serve",
    ...onVllm("H100-80GB", { kv_dtype: "q8_0" }),
  });
  assert(!result.ok);
  assertEquals(result.problems[0]?.path, "serve.kv_dtype");
  assertStringIncludes(
    result.problems[0]?.message ?? "",
    'must be one of auto, bf16, fp16, fp8, int8 with vllm: current value is "q8_0"',
  );
});

Deno.test("Integers of a cache have a scale for each head of a token", () => {
  const { kv } = estimateServed(onVllm("H100-80GB", { kv_dtype: "int8" }));
  assertEquals(kv?.bytes_per_token, 32 * 8 * (2 * 128 + 8));
});

Deno.test("Blocks of a hybrid hold a state: Falcon-H1's 1568 tokens, Jamba's 80 on two ranks", () => {
  const jamba = {
    model: "ai21labs/Jamba-v0.1",
    parallel: { gpus: 2, tp: 2 },
  };
  const { settings } = served(onVllm("H100-80GB", {}, jamba));
  assertEquals(settings["block_size"], 80);
  const { settings: falcon } = served(onVllm("H100-80GB", {}, {
    model: { config: FALCON_H1 },
  }));
  assertEquals(falcon["block_size"], 1568);
});

const FALCON_H1 = {
  model_type: "falcon_h1",
  hidden_size: 3072,
  num_hidden_layers: 44,
  num_attention_heads: 12,
  num_key_value_heads: 2,
  head_dim: 128,
  intermediate_size: 12288,
  vocab_size: 130048,
  mamba_d_ssm: 3072,
  mamba_d_state: 256,
  mamba_n_heads: 24,
  mamba_d_head: 128,
  mamba_n_groups: 1,
  mamba_d_conv: 4,
  max_position_embeddings: 262144,
  tie_word_embeddings: false,
};

Deno.test("Windows are kept in full where the hybrid manager is off", () => {
  const gemma = { model: "google/gemma-2-9b" };
  const { kv } = estimateServed(
    onVllm("H100-80GB", { hybrid_kv_cache: false }, gemma),
  );
  assertEquals(kv?.bytes_per_token, 42 * 8 * 2 * 256 * 2);
  assertEquals(kv?.fixed_bytes_per_sequence, 0);
});

Deno.test("Slots of adapters take both matrices of each projection", () => {
  const { memory } = estimateServed(
    onVllm("H100-80GB", { max_loras: 2, max_lora_rank: 8 }),
  );
  const adapters = memory.parts.find(({ name }) => name === "adapters");
  const [h, i, kv, v] = [4096, 14336, 1024, 128256];
  const layer = (h + h) + 2 * (h + kv) + (h + h) + 2 * (h + i) + (i + h);
  assertEquals(adapters?.bytes, 2 * 8 * 2 * (32 * layer + h + v));
});

Deno.test("A draft adds its weights and its layers to the pool", () => {
  const parallel = { gpus: 4, tp: 4 };
  const model = "meta-llama/Llama-3.1-70B";
  const plain = estimateServed(onVllm("H100-80GB", {}, { model, parallel }));
  const drafted = estimateServed(
    onVllm("H100-80GB", { draft_model: "meta-llama/Llama-3.2-1B" }, {
      model,
      parallel,
    }),
  );
  const perToken = (kvHeads: number, layers: number, width: number) =>
    layers * kvHeads / 4 * 2 * width * 2;
  assertEquals(
    (drafted.kv?.bytes_per_token ?? 0) - (plain.kv?.bytes_per_token ?? 0),
    perToken(8, 16, 64),
  );
  assert(
    (drafted.serve?.weights_bytes ?? 0) > (plain.serve?.weights_bytes ?? 0),
  );
});

Deno.test("Experts of expert parallelism are dealt out whole", () => {
  const model = "Qwen/Qwen3-30B-A3B";
  const weights = (parallel: object) =>
    served(onVllm("H100-80GB", {}, { model, parallel })).weights_bytes;
  const experts = 48 * 128 * 3 * 2048 * 768 * 2;
  const alone = weights({});
  assertEquals(weights({ gpus: 8, ep: 8 }), alone - experts * 7 / 8);
});

Deno.test("A model that vLLM dropped is warned of, and one that it has is not", () => {
  const warned = (type: string) => {
    const { warnings } = estimateServed({
      ...onVllm("H100-80GB"),
      model: {
        config: {
          model_type: type,
          hidden_size: 4096,
          intermediate_size: 14336,
          num_hidden_layers: 4,
          num_attention_heads: 32,
          num_key_value_heads: 8,
          vocab_size: 32000,
        },
      },
    });
    return warnings.some((line) =>
      line.includes(`code of its own for ${type}`)
    );
  };
  assertEquals([warned("persimmon"), warned("llama")], [true, false]);
});
