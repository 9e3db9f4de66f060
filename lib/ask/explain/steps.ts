import type { ErrorFigures } from "../../answer/explanation.ts";
import type { FailureReading } from "../../failures/read.ts";
import { asPrinted, groupDigits } from "../../units/mod.ts";
import { figuresOf, isFragmented } from "./figures.ts";
import { isThere } from "./held_words.ts";
import {
  AT,
  AT_START,
  FULL_CACHE,
  METAL,
  NAME_GPU,
  NAME_IT,
  NO_SIZE,
  NOT_SAID,
  NOT_SAID_OF_SERVER,
  OF_TOOL,
  THERE,
} from "./step_words.ts";

/**
 * What to do next by what the text alone says.
 *
 * @param known Whether the model and the GPU are known, whether changes are told
 *   beside, and whether it was a server.
 */
export function nextSteps(
  reading: FailureReading,
  { isNamed, isAdvised, isServed, isGpuKnown = true }: {
    isNamed: boolean;
    isAdvised: boolean;
    isServed: boolean;
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
      : bufferSteps(reading) ??
        (moment && !(isServed && TRAINS.has(moment.name))
          ? AT[moment.name]
          : OF_TOOL[failure.tool]
          ? []
          : isServed
          ? NOT_SAID_OF_SERVER
          : NOT_SAID)),
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

/** Moments whose words are of training, though servers run passes too. */
const TRAINS: ReadonlySet<string> = new Set(["forward", "loss", "backward"]);

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
  { failure: { kind, tool, tokens, what, message } }: FailureReading,
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
      if (/more than 1EB/.test(message)) return NO_SIZE;
      if (/metal|kIOGPU/i.test(message)) return METAL;
      return OF_TOOL[tool] ?? [
        "Look at nvidia-smi while it runs: the message does not tell what was asked for, nor who had the rest.",
      ];
    case "allocation":
      return OF_TOOL[tool] ?? [];
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
