import type { SettingValue } from "../../answer/serving.ts";
import type { AskedVllm } from "./asked.ts";
import type { VllmStart } from "./startup.ts";

/** vLLM's options as it resolves them, by its own names. */
export function settingsOf(
  { question: { scenario, mesh }, cacheDtype, caching, lookahead }: AskedVllm,
  { plan, pool, least }: VllmStart,
): Record<string, SettingValue> {
  const { serve } = scenario;
  const { options, block } = plan;
  return {
    max_model_len: options.max_model_len,
    max_num_batched_tokens: options.max_num_batched_tokens,
    max_num_seqs: options.max_num_seqs,
    block_size: block,
    num_gpu_blocks: pool.blocks,
    gpu_memory_utilization: options.gpu_memory_utilization,
    least_gpu_memory_utilization: least,
    kv_cache_dtype: cacheDtype.name,
    kv_cache_memory_bytes: serve.kv_cache_bytes,
    tensor_parallel_size: mesh.tp,
    pipeline_parallel_size: mesh.pp,
    data_parallel_size: mesh.dp,
    enable_expert_parallel: mesh.ep > 1,
    enable_prefix_caching: caching,
    disable_hybrid_kv_cache_manager: serve.hybrid_kv_cache === false,
    enforce_eager: serve.enforce_eager === true,
    cudagraph_capture_sizes: options.captured.length,
    max_cudagraph_capture_size: options.captured.at(-1) ?? 0,
    max_loras: serve.max_loras,
    max_lora_rank: serve.max_lora_rank,
    num_speculative_tokens: lookahead,
  };
}
