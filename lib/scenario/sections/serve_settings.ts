import { z } from "zod";
import type { About } from "../about.ts";
import { field } from "../about.ts";
import { count, factor, flag, numbers, tokens, wordOr } from "../fields.ts";
import { MAX_LAYERS, MAX_SEQUENCES, MAX_TOKENS } from "../limits.ts";
import { modelField } from "../model_field.ts";
import * as when from "../when.ts";

/** An engine's option; null is the engine's own default. */
function option<T extends z.ZodType>(
  kind: T,
  label: string,
  name: string,
  help: string,
  engines: readonly when.ServingName[],
  more: Partial<About> = {},
) {
  return field(kind.nullable().default(null), {
    blank: "the engine's own",
    ...more,
    label,
    help,
    flag: name,
    group: "limits",
    needs: [when.served(...engines)],
  });
}

const length = { unit: "tokens" } as const;
const size = () => tokens(1, MAX_TOKENS);

/** Fields of `serve` that the engines themselves have as options. */
export const serveSettings = {
  max_model_len: option(
    size(),
    "Longest sequence",
    "--max-model-len",
    "longest sequence that is taken (vLLM: max_model_len, SGLang: context_length; llama.cpp: a context, n_ctx, that holds so long a one for each)",
    ["vllm", "sglang", "tgi", "tensorrt-llm", "llama.cpp"],
    length,
  ),
  kv_cache_bytes: option(
    count(1, 1e15),
    "KV pool",
    "--kv-cache-bytes",
    "the pool of the cache by hand",
    ["vllm", "sglang", "tensorrt-llm"],
    { unit: "bytes" },
  ),
  block_size: option(
    count(1, 65_536),
    "Block",
    "--block-size",
    "tokens of a block of the cache (SGLang: page_size)",
    ["vllm", "sglang", "tgi", "tensorrt-llm"],
    length,
  ),
  enforce_eager: option(
    flag(),
    "No CUDA graphs",
    "--enforce-eager",
    "no CUDA graphs are captured (SGLang: disable_cuda_graph)",
    ["vllm", "sglang", "tgi"],
  ),
  prefix_caching: option(
    flag(),
    "Prefix caching",
    "--prefix-caching",
    "blocks of common prefixes are shared",
    ["vllm", "sglang", "tgi", "tensorrt-llm"],
  ),
  hybrid_kv_cache: option(
    flag(),
    "Hybrid KV cache",
    "--hybrid-kv-cache",
    "vLLM: windows and states have pools of their own; false is --disable-hybrid-kv-cache-manager",
    ["vllm"],
  ),
  offline: option(
    flag(),
    "Offline",
    "--offline",
    "vLLM: the LLM class, not the server",
    ["vllm"],
  ),
  chunked_prefill_tokens: option(
    size(),
    "Prefill chunk",
    "--chunked-prefill-tokens",
    "SGLang: tokens that are prefilled at a time",
    ["sglang"],
    length,
  ),
  swa_full_tokens_ratio: option(
    factor(0, 1),
    "Window to full tokens",
    "--swa-full-tokens-ratio",
    "SGLang: tokens of the windows' pool by those of the full one",
    ["sglang"],
  ),
  max_loras: option(
    count(1, 65_536),
    "Most adapters",
    "--max-loras",
    "adapters that are held at once",
    ["vllm", "sglang", "tgi", "tensorrt-llm"],
    { blank: "none" },
  ),
  max_lora_rank: option(
    count(1, 65_536),
    "Largest adapter rank",
    "--max-lora-rank",
    "largest rank of an adapter",
    ["vllm", "sglang", "tgi", "tensorrt-llm"],
  ),
  draft_model: option(
    modelField,
    "Draft model",
    "--draft-model",
    "speculates for the model, as `model`",
    ["transformers", "vllm", "sglang", "tensorrt-llm", "llama.cpp"],
    { list: "models", blank: "none", whole: true },
  ),
  attention: option(
    z.enum(["eager", "sdpa", "flash"]),
    "Attention",
    "--serve-attention",
    "transformers: `eager`, `sdpa` or `flash`",
    ["transformers"],
  ),
  padding_mask: option(
    flag(),
    "Pass a padding mask",
    "--serve-padding-mask",
    "transformers: whether an attention mask reaches the kernel",
    ["transformers"],
  ),
  logits_all: option(
    flag(),
    "Logits of every position",
    "--logits-all",
    "transformers' bare forward; llama.cpp: llama-cli, bench and bindings make them, llama-server for its slots alone",
    ["transformers", "llama.cpp"],
  ),
  batch_tokens: option(
    size(),
    "Logical batch",
    "--batch-tokens",
    "llama.cpp: n_batch",
    ["llama.cpp"],
    length,
  ),
  ubatch_tokens: option(
    size(),
    "Physical batch",
    "--ubatch-tokens",
    "llama.cpp: n_ubatch",
    ["llama.cpp"],
    length,
  ),
  slots: option(
    count(1, MAX_SEQUENCES),
    "Slots",
    "--slots",
    "llama.cpp: n_seq_max",
    ["llama.cpp"],
  ),
  kv_unified: option(
    flag(),
    "One cache for all slots",
    "--kv-unified",
    "llama.cpp: slots share one cache",
    ["llama.cpp"],
  ),
  flash_attention: option(
    z.enum(["auto", "on", "off"]),
    "Flash attention",
    "--flash-attention",
    "llama.cpp: `auto`, `on` or `off`",
    ["llama.cpp"],
  ),
  swa_full: option(
    flag(),
    "Windows at full size",
    "--swa-full",
    "llama.cpp: windows are cached as long as the context",
    ["llama.cpp"],
  ),
  gpu_layers: option(
    wordOr(["all"], count(0, MAX_LAYERS)),
    "Layers on the GPU",
    "--gpu-layers",
    "llama.cpp: `all`, or how many layers",
    ["llama.cpp"],
  ),
  cpu_moe_layers: option(
    count(0, MAX_LAYERS),
    "Layers with experts on the host",
    "--cpu-moe-layers",
    "llama.cpp: layers whose experts stay on the host",
    ["llama.cpp"],
  ),
  tensor_split: option(
    numbers(0, 1e9, 256),
    "Tensor split",
    "--tensor-split",
    "llama.cpp: shares of the GPUs, such as 3,1",
    ["llama.cpp"],
  ),
  kv_offload: option(
    flag(),
    "Cache on the GPU",
    "--kv-offload",
    "llama.cpp: the cache lies on the GPU",
    ["llama.cpp"],
  ),
  op_offload: option(
    flag(),
    "Operations on the GPU",
    "--op-offload",
    "llama.cpp: operations on host tensors run on the GPU where that is faster",
    ["llama.cpp"],
  ),
} as const;
