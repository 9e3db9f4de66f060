import { GIB } from "../../units/mod.ts";

/*
 * Why vLLM would not start, in its own words.
 */

/** Source: vllm-project/vllm 0.33 v1/worker/utils.py, request_memory */
export function freeRefusal(
  { free, total, utilization, requested }: {
    readonly free: number;
    readonly total: number;
    readonly utilization: number;
    readonly requested: number;
  },
): string {
  return `Free memory on device cuda:0 (${gib(free)}/${gib(total)} GiB) on ` +
    `startup is less than desired GPU memory utilization (${utilization}, ` +
    `${gib(requested)} GiB). Decrease GPU memory utilization or reduce GPU ` +
    `memory used by other processes.`;
}

/** Source: PyTorch's c10/cuda/CUDACachingAllocator.cpp */
export function loadRefusal(
  { needed, free, total }: {
    readonly needed: number;
    readonly free: number;
    readonly total: number;
  },
): string {
  return `CUDA out of memory. GPU 0 has a total capacity of ${
    gib(total)
  } GiB of which ${
    gib(free)
  } GiB is free, and loading and profiling the model ` +
    `take ${gib(needed)} GiB.`;
}

/** Source: v1/core/kv_cache_planning.py, _check_enough_kv_cache_memory */
export const NO_CACHE = "No available memory for the cache blocks. Try " +
  "increasing `gpu_memory_utilization` when initializing the engine.";

/** Source: the same */
export function cacheRefusal(
  { maxModelLen, needed, available, longest }: {
    readonly maxModelLen: number;
    readonly needed: number;
    readonly available: number;
    readonly longest: number;
  },
): string {
  const estimated = longest > 0
    ? `Based on the available memory, the estimated maximum model length is ${longest}. `
    : "";
  return `To serve at least one request with the model's max seq len ` +
    `(${maxModelLen}), (${
      gib(needed)
    } GiB KV cache is needed, which is larger ` +
    `than the available KV cache memory (${gib(available)} GiB). ${estimated}` +
    "Try increasing `gpu_memory_utilization` or decreasing `max_model_len` " +
    "when initializing the engine.";
}

/** Source: config/model.py, _get_and_verify_max_len */
export function lengthRefusal(asked: number, most: number): string {
  return `User-specified max_model_len (${asked}) is greater than the derived ` +
    `max_model_len (max_position_embeddings=${most} or model_max_length=None in ` +
    `model's config.json). To allow overriding this maximum, set the env var ` +
    `VLLM_ALLOW_LONG_MAX_MODEL_LEN=1.`;
}

/** Source: config/scheduler.py, verify_max_model_len and __post_init__ */
export function batchRefusal(tokens: number, sequences: number): string {
  return `max_num_batched_tokens (${tokens}) must be greater than or equal to ` +
    `max_num_seqs (${sequences}).`;
}

/** Source: platforms/cuda.py, get_attn_backend_cls */
export function blockRefusal(block: number): string {
  return `No valid attention backend found for cuda with block_size=${block}. ` +
    "Reasons: block_size not supported.";
}

/** Source: v1/core/kv_cache_planning.py, unify_kv_cache_spec_page_size */
export const UNLIKE_PAGES =
  "The page size of the layer is not divisible by the maximum page size and " +
  "cannot be padded. Padding is only supported for non-MLA attention layers.";

/** GiB with two places at most, as utils/mem_utils.py, format_gib, has them. */
function gib(bytes: number): string {
  return String(Math.round(bytes / GIB * 100) / 100);
}
