import type { MomentName } from "../../failures/moments.ts";

/** What helps at each moment, where no scenario says what would. */
export const AT: Readonly<Record<MomentName, readonly string[]>> = {
  "load": [
    "Load the model in fewer bits (4-bit, or a quantised checkpoint), or over more GPUs.",
    "See that it is loaded once: neither in fp32 first, nor by every process on the same GPU.",
  ],
  "set-up": [
    "Shard parameters and states over the GPUs (ZeRO 3, FSDP), keep states on the host, or train adapters (LoRA).",
  ],
  "forward": [
    "Halve the micro-batch and double the accumulation steps, or shorten the sequences.",
    "Switch activation checkpointing on (gradient_checkpointing).",
  ],
  "loss": [
    "Use a fused or chunked loss, which never makes all logits (Liger, cut cross-entropy).",
    "Halve the micro-batch and double the accumulation steps, or shorten the sequences.",
  ],
  "backward": [
    "Switch activation checkpointing on (gradient_checkpointing).",
    "Halve the micro-batch and double the accumulation steps, or shorten the sequences.",
  ],
  "optimizer": [
    "Take an 8-bit or paged optimizer, or train adapters (LoRA): the first step makes the states.",
    "Shard the states over the GPUs (ZeRO, FSDP), or keep them on the host.",
  ],
  "generate": [
    "Send fewer or shorter sequences at once, or make fewer new tokens.",
    "Load the model in fewer bits.",
  ],
  "evaluate": [
    "Set eval_accumulation_steps and a smaller per_device_eval_batch_size, or keep no logits (prediction_loss_only, preprocess_logits_for_metrics).",
  ],
  "save": [
    "Save sharded checkpoints, or gather them on the host.",
  ],
  "profile": [
    "Lower max_num_batched_tokens, max_model_len or the images of a prompt: the trial run is of that size.",
  ],
  "cache": [
    "Lower the longest sequence, the cache's type (fp8), or the number of slots.",
  ],
  "graphs": [
    "Leave more beside the cache (vLLM: a lower gpu_memory_utilization; SGLang: a lower mem-fraction-static), or capture fewer sizes, or none (enforce_eager, disable-cuda-graph).",
  ],
  "sample": [
    "Lower max_num_seqs: the warm-up makes logits of that many sequences; or lower gpu_memory_utilization.",
  ],
};

export const NOT_SAID = [
  "Switch activation checkpointing on, use a smaller micro-batch or shorter sequences; or load the model in fewer bits.",
];

export const THERE =
  "Look who else uses the GPU: another process may have had the memory at that instant. Under Windows and WSL the driver may refuse what is free, and a container or a fraction may allow less.";

/** Where an engine that serves has no room for more tokens. */
export const FULL_CACHE = [
  "Take fewer requests at once (--max-running-requests) or smaller pieces of prompts (--chunked-prefill-size), or give the cache more (--mem-fraction-static).",
];

/** What helps a server, where no more is said. */
export const NOT_SAID_OF_SERVER = [
  "Serve a checkpoint of fewer bits, allow shorter or fewer sequences at once, or split the model over more GPUs.",
];

const OUTSIDE = [
  "It takes memory beside PyTorch's allocator, which may hold all the rest as its cache: leave 1 to 2 GiB free, by a smaller batch or torch.cuda.set_per_process_memory_fraction.",
];

/** Where Metal has no room: its GPU borrows the machine's memory. */
export const METAL = [
  "Metal lends its GPU two thirds to three quarters of the machine's memory: close what else uses it, or raise the limit (sudo sysctl iogpu.wired_limit_mb=…).",
];

/** Where a size was asked for that no machine has. */
export const NO_SIZE = [
  "No GPU has so much: a size was computed wrong, such as by a negative length or a number of a token out of range.",
];

/** What helps where a tool's message says more than its kind. */
export const OF_TOOL: Readonly<Record<string, readonly string[]>> = {
  FlashInfer: [
    "Its workspace is too small, not the GPU: enlarge it (SGLang: FLASHINFER_WORKSPACE_SIZE), or take fewer or shorter prompts at once.",
  ],
  transformers: [
    "The quantised weights do not fit the GPUs that are visible: use more of them, fewer bits, or let layers go to the host (llm_int8_enable_fp32_cpu_offload).",
  ],
  NCCL: OUTSIDE,
  cuBLAS: OUTSIDE,
  cuDNN: OUTSIDE,
  MLX: METAL,
  XLA: [
    "XLA takes three quarters of the GPU as it starts (XLA_PYTHON_CLIENT_MEM_FRACTION; XLA_PYTHON_CLIENT_PREALLOCATE=false): see that nothing else is to have the rest, and that no second process runs; or take a smaller batch or shorter sequences.",
  ],
  TensorFlow: [
    "TensorFlow takes the whole GPU as it starts, unless memory growth is set (tf.config.experimental.set_memory_growth): see that no second process runs; or take a smaller batch.",
  ],
  "TensorRT-LLM": [
    "Give the cache less (kv_cache_free_gpu_memory_fraction), build for fewer tokens (max_num_tokens, max_batch_size), quantise, or split over more GPUs (tp_size).",
  ],
  TensorRT: [
    "Build for fewer tokens or a smaller batch, or let it use less (the memory pool limit of its workspace).",
  ],
  LMDeploy: [
    "Give the cache less (--cache-max-entry-count), allow shorter sessions (--session-len) or smaller batches, quantise, or split over more GPUs (--tp).",
  ],
  TGI: [
    "Lower --max-batch-prefill-tokens, --max-total-tokens or the longest prompt, take a quantised checkpoint, or split it over more GPUs (--num-shard).",
  ],
};

/** What helps where a tool does not start for want of memory. */
export const AT_START: Readonly<Record<string, readonly string[]>> = {
  "LM Studio": [
    "Take a file of fewer bits, a shorter context or fewer layers on the GPU; or loosen the model loading guardrails in its settings, which guess.",
  ],
  "llama.cpp": [
    "Put fewer layers on the GPU (--n-gpu-layers), or leave them open so that --fit chooses; lower --ctx-size, or take a file of fewer bits.",
  ],
};

/** Where nobody has said on which GPU it ran. */
export const NAME_GPU =
  "Name the GPU beside the text to learn which changes would have fitted.";

/** Where nobody has said which model it was. */
export const NAME_IT =
  "Name the model beside the text to learn which tensor it was and which changes would have fitted.";
