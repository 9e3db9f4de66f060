import type { ErrorFigures } from "../../answer/explanation.ts";
import type { MomentName } from "../../failures/moments.ts";
import type { FailureReading } from "../../failures/read.ts";
import { asPrinted, groupDigits } from "../../units/mod.ts";
import { figuresOf, isFragmented } from "./figures.ts";
import { isThere } from "./held_words.ts";

/** What helps at each moment, where no scenario says what would. */
const AT: Readonly<Record<MomentName, readonly string[]>> = {
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

const NOT_SAID = [
  "Switch activation checkpointing on, use a smaller micro-batch or shorter sequences; or load the model in fewer bits.",
];

const THERE =
  "Look who else uses the GPU: another process may have had the memory at that instant. Under Windows and WSL the driver may refuse what is free, and a container or a fraction may allow less.";

/** Where an engine that serves has no room for more tokens. */
const FULL_CACHE = [
  "Take fewer requests at once (--max-running-requests) or smaller pieces of prompts (--chunked-prefill-size), or give the cache more (--mem-fraction-static).",
];

/** What helps where a tool's message says more than its kind. */
const OF_TOOL: Readonly<Record<string, readonly string[]>> = {
  FlashInfer: [
    "Its workspace is too small, not the GPU: enlarge it (SGLang: FLASHINFER_WORKSPACE_SIZE), or take fewer or shorter prompts at once.",
  ],
  transformers: [
    "The quantised weights do not fit the GPUs that are visible: use more of them, fewer bits, or let layers go to the host (llm_int8_enable_fp32_cpu_offload).",
  ],
  TGI: [
    "Lower --max-batch-prefill-tokens, --max-total-tokens or the longest prompt, take a quantised checkpoint, or split it over more GPUs (--num-shard).",
  ],
};

/** What helps where a tool does not start for want of memory. */
const AT_START: Readonly<Record<string, readonly string[]>> = {
  "LM Studio": [
    "Take a file of fewer bits, a shorter context or fewer layers on the GPU; or loosen the model loading guardrails in its settings, which guess.",
  ],
  "llama.cpp": [
    "Put fewer layers on the GPU (--n-gpu-layers), or leave them open so that --fit chooses; lower --ctx-size, or take a file of fewer bits.",
  ],
};

/** Where nobody has said on which GPU it ran. */
const NAME_GPU =
  "Name the GPU beside the text to learn which changes would have fitted.";

/** Where nobody has said which model it was. */
const NAME_IT =
  "Name the model beside the text to learn which tensor it was and which changes would have fitted.";

/**
 * What to do next by what the text alone says.
 *
 * @param known Whether the model and the GPU are known, and changes are told beside.
 */
export function nextSteps(
  reading: FailureReading,
  { isNamed, isAdvised, isGpuKnown = true }: {
    isNamed: boolean;
    isAdvised: boolean;
    isGpuKnown?: boolean;
  },
): string[] {
  const { failure, moment } = reading;
  const read = figuresOf(failure);
  return [
    ...othersSteps(reading, read),
    ...(failure.kind === "allocation" && isThere(read) && !failure.allowed
      ? [THERE]
      : []),
    ...fragmentSteps(read),
    ...kindSteps(reading, read),
    ...(failure.kind !== "allocation" && failure.kind !== "bare" || isAdvised
      ? []
      : bufferSteps(reading) ?? (moment ? AT[moment.name] : NOT_SAID)),
    ...(moment?.inner === "the scores of attention"
      ? [
        "Use an attention kernel that keeps no scores (sdpa or flash): they grow with the square of the length.",
      ]
      : []),
    ...(isGpuKnown ? [] : [NAME_GPU]),
    ...(isNamed || failure.kind === "host" || failure.kind === "shared" ? [] : [
      reading.facts.type === null
        ? NAME_IT
        : `${NAME_IT} Its code is of the type ${reading.facts.type}.`,
    ]),
  ];
}

function othersSteps(
  { failure }: FailureReading,
  { others }: ErrorFigures,
): string[] {
  const [most] = others.toSorted((a, b) => b.bytes - a.bytes);
  if (!most || failure.tool === "PyTorch on Apple's GPU") return [];
  return [
    failure.kind === "table"
      ? `End what you do not need: ${most.name} has ${asPrinted(most.bytes)}.`
      : `End ${most.name}, which has ${
        asPrinted(most.bytes)
      }, or run on another GPU (CUDA_VISIBLE_DEVICES).`,
  ];
}

function fragmentSteps(read: ErrorFigures): string[] {
  return isFragmented(read)
    ? [
      `Set PYTORCH_ALLOC_CONF=expandable_segments:True (PYTORCH_CUDA_ALLOC_CONF until PyTorch 2.8): ${
        asPrinted(read.unallocated_bytes ?? 0)
      } were cached in pieces too small, and may then be enough.`,
    ]
    : [];
}

function kindSteps(
  { failure: { kind, tool, tokens, what } }: FailureReading,
  { free_bytes: free, capacity_bytes: all }: ErrorFigures,
): readonly string[] {
  const room = tokens?.room ?? null;
  switch (kind) {
    case "cache":
      if (tool !== "vLLM") return FULL_CACHE;
      return [
        room === null
          ? "Set a lower --max-model-len."
          : `Set --max-model-len to ${groupDigits(room)} or less.`,
        "Or let it take more of the GPU (a higher gpu_memory_utilization), or keep the cache in fp8.",
      ];
    case "no cache":
      return OF_TOOL[tool] ?? (tool === "SGLang"
        ? [
          "Raise --mem-fraction-static: it holds the weights and the cache together, and less than the weights is no use.",
          "Or serve fewer bits, or over more GPUs (--tp).",
        ]
        : [
          "Raise gpu_memory_utilization, serve a checkpoint of fewer bits, or split it over more GPUs (--tensor-parallel-size).",
          "Lower max_num_batched_tokens and max_num_seqs: the trial run is of that size.",
        ]);
    case "start": {
      const share = free !== null && all !== null
        ? Math.floor(100 * free / all) / 100
        : null;
      return [
        ...AT_START[tool] ?? [],
        "End what else runs on the GPU (nvidia-smi names it): a server that was stopped may still hold its memory.",
        ...(share === null || share <= 0
          ? []
          : [`Or set gpu_memory_utilization to ${share} or less.`]),
      ];
    }
    case "host":
      return what === "weights" || tool === "ollama" || tool === "llama.cpp"
        ? [
          "Take a file of fewer bits or a smaller model, a shorter context, or more layers on the GPU.",
        ]
        : [
          "Offload less to the host, load with low_cpu_mem_usage, use fewer DataLoader workers, or give the container more memory and /dev/shm.",
        ];
    case "shared":
      return [
        "No setting of the run changes that: update Triton and the kernels' package, or choose another attention or loss kernel.",
      ];
    case "bare":
      return OF_TOOL[tool] ?? [
        "Look at nvidia-smi while it runs: the message does not tell what was asked for, nor who had the rest.",
      ];
    default:
      return [];
  }
}

/** What helps where an engine names the buffer that it could not make. */
function bufferSteps({ failure: { what, tool } }: FailureReading) {
  if (tool !== "llama.cpp" && tool !== "ollama") return null;
  const layers = tool === "ollama" ? "num_gpu" : "--n-gpu-layers";
  const context = tool === "ollama" ? "num_ctx" : "--ctx-size";
  switch (what) {
    case "weights":
      return [
        `Put fewer layers on the GPU (${layers}), or take a file of fewer bits.`,
      ];
    case "KV cache":
      return [
        `Lower the context (${context}) or the number of slots, or keep the cache as q8_0 with flash attention.`,
      ];
    case "compute buffers":
      return [
        `Lower the physical batch (--ubatch-size) or the context (${context}), use flash attention, or leave a layer or two on the host (${layers}).`,
      ];
    default:
      return [`Put fewer layers on the GPU (${layers}), or lower ${context}.`];
  }
}
