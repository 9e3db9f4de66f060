/** Fields that every engine reads that takes a share of the GPU for its pool. */
export const POOL_READS: readonly string[] = [
  "parallel.tp",
  "overheads.communication_gib",
  "serve.batch",
  "serve.input_tokens",
  "serve.output_tokens",
  "serve.kv_dtype",
  "serve.memory_utilization",
  "serve.max_sequences",
  "serve.max_model_len",
  "serve.block_size",
];
