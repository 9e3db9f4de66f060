import type { Failure } from "./failure.ts";
import { failureOf, shownMessage } from "./failure.ts";
import type { WrittenText } from "./lines.ts";
import { onOneLine } from "./lines.ts";
import { ofAmounts } from "./patterns.ts";
import { amountIn } from "./printed.ts";

/** Messages that say that memory was short, and little more. */
const BARE: readonly (readonly [
  kind: Failure["kind"],
  tool: string,
  says: RegExp,
])[] = [
  [
    "bare",
    "CUDA",
    /(?:CUDA|HIP) (?:error|driver error|runtime error):? ?(?:out of memory|hipErrorOutOfMemory)/i,
  ],
  [
    "bare",
    "CUDA",
    /CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|hipErrorOutOfMemory/,
  ],
  ["bare", "cuBLAS", /CUBLAS_STATUS_ALLOC_FAILED/],
  ["bare", "cuDNN", /CUDNN_STATUS_ALLOC_FAILED/],
  ["bare", "NCCL", /(?:Cuda|Hip) failure (?:\d{1,4} )?'out of memory'/],
  [
    "bare",
    "bitsandbytes",
    /(?:Error: |CUDA Error: )out of memory at line \d{1,5} in file/,
  ],
  ["bare", "PyTorch", /(?:CUDA|HIP|XPU|NPU) out of memory(?! ?occurred)/],
  ["bare", "PyTorch", /torch\.(?:cuda\.)?OutOfMemoryError/],
  [
    "host",
    "PyTorch",
    /DefaultCPUAllocator: (?:can't allocate memory|not enough memory)/,
  ],
  [
    "host",
    "PyTorch",
    /(?:HostAllocator|pin_memory|cudaHostAlloc|cudaHostRegister).{0,80}(?:out of memory|failed)/,
  ],
  [
    "host",
    "Python",
    /numpy\.core\._exceptions\._ArrayMemoryError|\bMemoryError\b/,
  ],
  [
    "host",
    "Linux",
    /[Oo]ut of memory: Kill(?:ed)? process|oom-kill:|Memory cgroup out of memory|OOMKilled/,
  ],
  [
    "host",
    "Linux",
    /exit ?code:? ?\(?-9\b|signal 9 \(SIGKILL\)|Signal 9 \(SIGKILL\)|exit code 137|return code = -9/,
  ],
  [
    "host",
    "PyTorch",
    /DataLoader worker \(pid [^)]{1,40}\) is killed by signal: (?:Killed|Bus error)|unable to (?:write to file|allocate shared memory)/,
  ],
  [
    "host",
    "Linux",
    /std::bad_alloc|\[Errno 12\] Cannot allocate memory|^Killed\s*$/m,
  ],
  [
    "bare",
    "The program",
    /out of (?:GPU |device |video )?memory|OutOfMemory|memory exhausted/i,
  ],
  ["shared", "Triton", /OutOfResources: out of resource: shared memory/],
];

/** "you tried to allocate 1234 bytes", "Unable to allocate 3.00 GiB for an array". */
const HOST_TRIED = ofAmounts(
  "(?:you tried to allocate|Unable to allocate|failed to allocate) %A",
);
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
      ...(kind === "host" ? { tried: amountIn(around, HOST_TRIED) } : {}),
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
