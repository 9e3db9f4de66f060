/** What settings of serving are, in a sentence each, by a field's path. */
export const SERVING_WORDS: Record<string, string> = {
  "serve.engine":
    "The program that serves. Each has rules of its own for what it takes when it starts.",
  "serve.batch": "Sequences, or users, that are answered at once.",
  "serve.input_tokens": "Tokens of a prompt.",
  "serve.output_tokens": "Tokens of an answer.",
  "serve.kv_cache":
    "Whether keys and values of earlier tokens are kept. Without, each token computes all of them again.",
  "serve.kv_dtype":
    "The number format of the KV cache: fp8 holds twice the tokens of bf16.",
  "serve.cache_tokens":
    "The length that the cache is made for at once, where it is not grown as tokens come.",
  "serve.memory_utilization":
    "The share of a GPU that the engine may take; what weights and activations leave is the cache.",
  "serve.max_batched_tokens":
    "Tokens of all prompts that one pass takes at most. Activations grow with it.",
  "serve.max_sequences": "Sequences that run at once at most.",
  "hardware.gpu": "The GPU, by the memory that PyTorch can use of it.",
  "hardware.gpu.memory_gib":
    "Usable memory of a GPU that the list does not have; it comes before the list.",
};
