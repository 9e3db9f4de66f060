import { POOL_READS } from "../pool_reads.ts";
import type { ServingEngine } from "../engine.ts";
import { askedOf } from "./asked.ts";
import { servedOf } from "./served.ts";

/**
 * vLLM 0.33: a share of the GPU is asked for; what loading and a profile run leave of
 * it becomes blocks of a cache.
 */
export const vllm: ServingEngine = {
  name: "vllm",
  reads: [
    ...POOL_READS,
    "serve.cache_tokens",
    "serve.max_batched_tokens",
    "serve.kv_cache_bytes",
    "serve.enforce_eager",
    "serve.prefix_caching",
    "serve.hybrid_kv_cache",
    "serve.offline",
    "serve.max_loras",
    "serve.max_lora_rank",
    "serve.draft_model",
    "parallel.pp",
    "parallel.cp",
    "parallel.ep",
  ],
  refuses({ scenario, checkpoint, caches }) {
    if (!scenario.serve.kv_cache) return "vLLM always keeps a cache";
    const format = checkpoint.tensors.find(({ packing }) =>
      packing !== null && UNKNOWN_LAYOUTS.includes(packing.layout)
    );
    if (format) {
      return `vLLM has no kernels for ${format.packing?.layout} weights`;
    }
    return caches.layers === 0
      ? "vLLM serves a model that only encodes without a cache"
      : null;
  },
  serve(question) {
    const asked = askedOf(question);
    return asked.ok ? { ok: true, value: servedOf(asked.value) } : asked;
  },
};

/** Source: vllm-project/vllm 0.33 model_executor/layers/quantization/__init__.py */
const UNKNOWN_LAYOUTS: readonly string[] = ["hqq", "exl2", "exl3", "mlx"];
