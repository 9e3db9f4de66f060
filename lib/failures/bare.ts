import type { Failure } from "./failure.ts";
import { failureOf, shownMessage } from "./failure.ts";
import type { WrittenText } from "./lines.ts";
import { onOneLine } from "./lines.ts";

/** Whose message it is where only its words tell that memory was short. */
export const ANYBODY = "The program";

/** Messages that say that memory was short, and little more. */
const BARE: readonly (readonly [
  kind: Failure["kind"],
  tool: string,
  says: RegExp,
])[] = [
  [
    "bare",
    "bitsandbytes",
    /(?:Error: |CUDA Error: )out of memory at line \d{1,5} in file/,
  ],
  [
    "bare",
    "LMDeploy",
    /\[TM\]\[(?:ERROR|FATAL)\].{0,40}CUDA runtime error: out of memory/,
  ],
  [
    "bare",
    "TensorRT-LLM",
    /\[TensorRT-LLM\].{0,80}CUDA runtime error in .{1,160}: out of memory/,
  ],
  [
    "bare",
    "MLX",
    /\[METAL\] Command buffer execution failed: Insufficient Memory/,
  ],
  [
    "bare",
    "ROCm",
    /HIP (?:error|runtime error):? ?(?:out of memory|hipErrorOutOfMemory)|hipErrorOutOfMemory/i,
  ],
  [
    "bare",
    "CUDA",
    /CUDA (?:error|driver error|runtime error):? ?out of memory/i,
  ],
  [
    "bare",
    "CUDA",
    /CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation/,
  ],
  // Its handle's workspace is the first thing that it takes.
  [
    "bare",
    "cuBLAS",
    /CUBLAS_STATUS_ALLOC_FAILED|CUBLAS_STATUS_NOT_INITIALIZED when calling `?cublasCreate/,
  ],
  ["bare", "cuDNN", /CUDNN_STATUS_ALLOC_FAILED/],
  [
    "bare",
    "NCCL",
    /(?:Cuda|Hip) failure (?:\d{1,4} )?'out of memory'|Failed to CUDA (?:calloc|malloc)[^\n]{0,20} \d{1,15} bytes/,
  ],
  ["bare", "Vulkan", /VK_ERROR_OUT_OF_DEVICE_MEMORY/],
  ["bare", "PyTorch", /(?:CUDA|HIP|XPU|NPU) out of memory(?! ?occurred)/],
  ["bare", "PyTorch", /torch\.(?:cuda\.)?OutOfMemoryError/],
  [
    "bare",
    ANYBODY,
    /out of (?:GPU |device |video )?memory|OutOfMemory|memory exhausted/i,
  ],
  ["shared", "Triton", /OutOfResources: out of resource: shared memory/],
];

const SHARED = /Required: (\d{1,12}),? Hardware limit: ?(\d{1,12})/;

/** Characters around a message that are looked at. */
const AROUND = 400;

/** Reads messages that have no figures of a GPU: the first of each kind. */
export function bareFailures({ who, text }: WrittenText): Failure[] {
  const kinds = new Set<string>();
  return BARE.flatMap(([kind, tool, says]) => {
    const match = says.exec(text);
    if (!match || kinds.has(kind)) return [];
    kinds.add(kind);
    const around = onOneLine(text.slice(match.index, match.index + AROUND));
    return [failureOf({
      kind,
      tool,
      message: shownMessage(lineAt(text, match.index)),
      at: match.index,
      who,
      ...(kind === "shared" ? sharedIn(around) : {}),
    })];
  });
}

function sharedIn(around: string): Partial<Failure> {
  const [, required, limit] = SHARED.exec(around) ?? [];
  if (required === undefined || limit === undefined) return {};
  return {
    tried: { bytes: Number(required), rounding: 0 },
    capacity: { bytes: Number(limit), rounding: 0 },
  };
}

/** The line around a place. */
export function lineAt(text: string, at: number): string {
  const start = text.lastIndexOf("\n", at) + 1;
  const end = text.indexOf("\n", at);
  return text.slice(Math.max(start, at - AROUND), end < 0 ? undefined : end)
    .slice(0, 2 * AROUND);
}
