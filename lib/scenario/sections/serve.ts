import { z } from "zod";
import { field, section } from "../about.ts";
import { count, factor, flag, tokens } from "../fields.ts";
import { MAX_SEQUENCES, MAX_TOKENS } from "../limits.ts";
import * as when from "../when.ts";
import { cacheType } from "./cache_type.ts";
import { serveSettings } from "./serve_settings.ts";

/** How a model is served. */
export const serve = section(
  z.strictObject({
    engine: field(
      z.enum([
        "transformers",
        "vllm",
        "sglang",
        "tgi",
        "tensorrt-llm",
        "llama.cpp",
      ]).default("transformers"),
      {
        label: "Engine",
        group: "serving",
        help:
          "`transformers`, `vllm`, `sglang`, `tgi`, `tensorrt-llm` or `llama.cpp`",
      },
    ),
    batch: field(count(1, MAX_SEQUENCES).default(1), {
      label: "Concurrent sequences",
      group: "serving",
      help: "concurrent sequences",
      needs: [{ path: "serve.cache_tokens", is: [null] }],
    }),
    input_tokens: field(tokens(1, MAX_TOKENS).default(1024), {
      label: "Input",
      group: "serving",
      unit: "tokens",
      help: "of each",
    }),
    output_tokens: field(tokens(0, MAX_TOKENS).default(128), {
      label: "Output",
      group: "serving",
      unit: "tokens",
      help: "of each",
    }),
    kv_cache: field(flag().default(true), {
      label: "Keep a KV cache",
      group: "serving",
    }),
    kv_dtype: field(cacheType.default("auto"), {
      label: "KV cache type",
      group: "serving",
      help:
        'of keys and values: `auto`, `fp32`, `bf16`, `fp16`, `fp8`, `int8`, `q8_0`, `q4_0` …; or each, `{"k": "q8_0", "v": "q4_0"}`',
    }),
    cache_tokens: field(tokens(1, MAX_TOKENS).nullable().default(null), {
      label: "Cache held for",
      group: "serving_limits",
      unit: "tokens",
      help: "a cache that is allocated up front for so many tokens",
      blank: "auto",
    }),
    memory_utilization: field(factor(0.01, 1).nullable().default(null), {
      label: "Memory utilization",
      group: "serving_limits",
      blank: "the engine's own",
      help:
        "left out: what vLLM (0.92), SGLang, TGI and TensorRT-LLM take themselves; share of the GPU that the engine takes (vLLM: gpu_memory_utilization, SGLang: mem_fraction_static, TGI: cuda_memory_fraction, TensorRT-LLM: free_gpu_memory_fraction)",
    }),
    max_batched_tokens: field(tokens(1, MAX_TOKENS).nullable().default(null), {
      label: "Max batched",
      group: "serving_limits",
      unit: "tokens",
      blank: "auto",
    }),
    max_sequences: field(count(1, MAX_SEQUENCES).nullable().default(null), {
      label: "Max sequences",
      group: "serving_limits",
      blank: "auto",
    }),
    ...serveSettings,
  }),
  [when.toServe],
);
