import { lineAt } from "./bare.ts";
import type { Failure } from "./failure.ts";
import { failureOf, shownMessage } from "./failure.ts";
import type { WrittenText } from "./lines.ts";
import { onOneLine } from "./lines.ts";
import { ofAmounts } from "./patterns.ts";
import type { Printed } from "./printed.ts";
import { amountIn } from "./printed.ts";

/** A message's figures, by the words that stand before them. */
interface AllocatorMessage {
  readonly tool: string;
  readonly kind: Failure["kind"];
  readonly says: RegExp;
  readonly tried: RegExp | null;
  readonly capacity?: RegExp;
  readonly free?: RegExp;
  readonly allocated?: RegExp;
  /** What one request may have at most. */
  readonly allowed?: RegExp;
  /** What was asked for, where no unit stands with it. */
  readonly sized?: (around: string) => number | null;
}

const amount = (before: string): RegExp => ofAmounts(`${before}%A`);

/**
 * Allocators beside PyTorch's own.
 *
 * Source: pytorch c10/cuda/CUDAMallocAsyncAllocator.cpp; ml-explore/mlx
 * backend/metal/allocator.cpp; flashinfer-ai/flashinfer allocator.h;
 * huggingface/text-generation-inference; openxla/xla tsl/framework/bfc_allocator.cc,
 * xla/pjrt/gpu; tensorflow core/framework/op_kernel; microsoft/onnxruntime
 * core/framework/bfc_arena.cc; NVIDIA/TensorRT's runtime; LM Studio's guardrails
 */
const MESSAGES: readonly AllocatorMessage[] = [
  {
    tool: "PyTorch (cudaMallocAsync)",
    kind: "allocation",
    says: /Allocation on device (?:\d{1,3} )?would exceed allowed memory/,
    tried: amount("Requested {0,20}: "),
    capacity: amount("Device limit {0,20}: "),
    free: amount("Free \\(according to CUDA\\): {0,4}"),
    allocated: amount("Currently allocated {0,20}: "),
  },
  {
    tool: "MLX",
    kind: "allocation",
    says: /\[metal::malloc\] Attempting to allocate/,
    tried: amount("Attempting to allocate "),
    allowed: amount("maximum allowed buffer size of "),
  },
  {
    tool: "FlashInfer",
    kind: "bare",
    says: /Failed to allocate memory for \w{1,60} with size \d/,
    tried: null,
  },
  {
    tool: "TGI",
    kind: "no cache",
    says: /Not enough memory to handle .{1,60}(?:tokens|prefill)/,
    tried: null,
  },
  {
    tool: "vLLM",
    kind: "host",
    says: /Too large swap space/,
    tried: amount("swap space\\. "),
    capacity: amount("out of the "),
  },
  {
    tool: "PaddlePaddle",
    kind: "allocation",
    says: /Cannot allocate .{1,40} memory on GPU \d/,
    tried: amount("Cannot allocate "),
    free: amount("available memory is only "),
    allocated: amount("memory on GPU \\d{1,3}, "),
  },
  {
    tool: "XLA",
    kind: "allocation",
    says:
      /RESOURCE_EXHAUSTED: .{0,80}[Oo]ut of memory (?:while trying to allocate|allocating)/,
    tried: amount("(?:trying to allocate|allocating) "),
  },
  {
    tool: "XLA",
    kind: "allocation",
    says: /Ran out of memory in memory space hbm/,
    tried: amount("Used "),
    capacity: amount(String.raw`Used [\d.]{1,12}[KMG] of `),
  },
  {
    tool: "TensorFlow",
    kind: "allocation",
    says:
      /\(GPU_\d{1,2}_bfc\) ran out of memory trying to allocate|OOM when allocating tensor with shape\[/,
    tried: amount("trying to allocate "),
    sized: bytesOfShape,
  },
  {
    tool: "ONNX Runtime",
    kind: "allocation",
    says: /Failed to allocate memory for requested buffer of size \d/,
    tried: null,
    sized: (around) => numberIn(around, /buffer of size (\d{1,15})/),
  },
  {
    tool: "TensorRT",
    kind: "allocation",
    says:
      /OutOfMemory \(Requested size was \d|Requested amount of GPU memory \(\d/,
    tried: amount(String.raw`(?:Requested size was |GPU memory \()`),
  },
  {
    tool: "LM Studio",
    kind: "start",
    says: /Model loading (?:was stopped|aborted) due to insufficient system/,
    tried: amount("requires approximately "),
  },
  {
    tool: "PyTorch on Apple's GPU",
    kind: "allocation",
    says: /Invalid buffer size: \d/,
    tried: amount("Invalid buffer size: "),
  },
  {
    tool: "transformers",
    kind: "bare",
    says: /Some modules are dispatched on the CPU or the disk/,
    tried: null,
  },
];

/** Characters of a message that are looked at. */
const AROUND = 900;

/** Reads what allocators beside PyTorch's own say when a request fails. */
export function otherFailures({ who, text }: WrittenText): Failure[] {
  return MESSAGES.flatMap((message) => {
    const match = message.says.exec(text);
    if (!match) return [];
    const around = onOneLine(text.slice(match.index, match.index + AROUND));
    const read = (pattern: RegExp | null | undefined): Printed | null =>
      pattern ? amountIn(around, pattern) : null;
    return [failureOf({
      kind: message.kind,
      tool: message.tool,
      message: shownMessage(lineAt(text, match.index)),
      at: match.index,
      who,
      tried: read(message.tried) ?? exactly(message.sized?.(around) ?? null),
      capacity: read(message.capacity),
      free: read(message.free),
      allocated: read(message.allocated),
      allowed: read(message.allowed),
    })];
  });
}

/** Bytes of TensorFlow's types, by the names that it prints. */
const TYPES: Readonly<Record<string, number>> = {
  float: 4,
  half: 2,
  bfloat16: 2,
  double: 8,
  int32: 4,
  int64: 8,
};
const SHAPE =
  /allocating tensor with shape\[(\d{1,10}(?:,\d{1,10}){0,8})\] and type (\w{1,12})/;

/** "OOM when allocating tensor with shape[4096,128256] and type float". */
function bytesOfShape(around: string): number | null {
  const [, shape = "", type = ""] = SHAPE.exec(around) ?? [];
  const width = TYPES[type];
  return width === undefined ? null : shape.split(",").reduce(
    (bytes, size) => bytes * Number(size),
    width,
  );
}

function numberIn(text: string, pattern: RegExp): number | null {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

function exactly(bytes: number | null): Printed | null {
  return bytes === null || !Number.isSafeInteger(bytes)
    ? null
    : { bytes, rounding: 0 };
}
