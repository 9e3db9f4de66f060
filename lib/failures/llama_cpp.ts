import { lineAt } from "./bare.ts";
import type { FailedWhat, Failure } from "./failure.ts";
import { failureOf, shownMessage } from "./failure.ts";
import type { WrittenText } from "./lines.ts";
import { loose, ofAmounts } from "./patterns.ts";
import { amountIn, printedAmount } from "./printed.ts";

/*
 * Failed allocations of llama.cpp and of what ollama runs.
 *
 * Source: ggml-org/llama.cpp ggml/src/ggml-cuda/ggml-cuda.cu, ggml-alloc.c,
 * src/llama-context.cpp; ollama/ollama llm/server.go
 */
const ALLOCATING =
  /allocating (\d{1,9}(?:[.,]\d{1,3})?) MiB on device (\d{1,3}): (?:cuda|hip)Malloc failed/;
const BUFFER =
  /failed to allocate (\w{1,20}?)(\d{1,3})? buffer of size (\d{1,15})/;
const PINNED =
  /failed to allocate (\d{1,9}(?:[.,]\d{1,3})?) MiB of pinned memory/;
const METAL =
  /ggml_metal.{0,80}(?:failed to allocate buffer|current allocated size is greater)|kIOGPUCommandBufferCallbackErrorOutOfMemory/;
/** Metal makes no buffer larger than the device allows, whatever is free. */
const TOO_LARGE =
  /buffer '[\w ]{1,20}' size (\d{1,15}) is larger than buffer maximum of (\d{1,15})/;
/** What --fit found, which releases from the end of 2025 on look for. */
const NO_FIT = /failed to fit params to free device memory/;
const PROJECTED =
  /projected to use (\d{1,9}) MiB of device memory vs\. (\d{1,9}) MiB of free device memory/;
const VULKAN =
  /ggml_vulkan: (?:Device memory allocation of size (\d{1,15}) failed|.{0,80}OutOfDeviceMemory)/;
const SYSTEM = ofAmounts(
  String.raw`model requires more system memory \(%A\) than is available \(%A\)`,
);
const SYSTEM_BARE = /model requires more system memory/;
const DRIVER = /CUDA error: out of memory[^]{0,300}?ggml/;
const NO_LOAD =
  /panic: unable to load model|unable to allocate (?:\w{1,20} |backend )?buffer|memory layout cannot be allocated|failed to load model|unable to load model/;

/** What a failed buffer was for, as later lines say it. */
const FOR: readonly (readonly [FailedWhat, RegExp])[] = [
  [
    "compute buffers",
    /failed to allocate compute|graph_reserve: failed|gallocr_reserve/,
  ],
  [
    "KV cache",
    /failed to allocate buffer for (?:the )?kv cache|kv_cache_init.{0,60}failed|failed to create memory/i,
  ],
  [
    "weights",
    /unable to allocate (?:\w{1,20} |backend )?buffer|error loading model|alloc_tensor_range/,
  ],
];

/** Lines after a failed allocation that say what it was for. */
const AFTER = 1500;

/** Reads what llama.cpp and ollama say when a buffer cannot be made. */
export function llamaFailures({ who, text }: WrittenText): Failure[] {
  const own = (
    match: RegExpExecArray,
    more: Partial<Failure>,
  ): Failure =>
    failureOf({
      kind: "allocation",
      tool: /ollama|llama runner process|num_gpu\b/i.test(
          `${who}${text.slice(0, 20_000)}`,
        )
        ? "ollama"
        : "llama.cpp",
      message: shownMessage(lineAt(text, match.index)),
      at: match.index,
      who,
      what: whatFor(
        // The function that failed is named at the line's beginning.
        text.slice(
          text.lastIndexOf("\n", match.index) + 1,
          match.index + AFTER,
        ),
      ),
      ...more,
    });
  const system = loose(SYSTEM).exec(text);
  if (system) {
    const [, needs = "", unit = "", has = "", its = ""] = system;
    return [own(system, {
      kind: "host",
      tool: "ollama",
      tried: printedAmount(needs, unit),
      free: printedAmount(has, its),
      what: "weights",
    })];
  }
  const allocating = loose(ALLOCATING).exec(text);
  const buffer = BUFFER.exec(text);
  const vulkan = VULKAN.exec(text);
  if (allocating || buffer) {
    const match = (allocating ?? buffer) as RegExpExecArray;
    const [, backend = "", number] = buffer ?? [];
    const isHost = !allocating && /^CPU|Host$/.test(backend);
    const exact = buffer && near(buffer.index, allocating?.index)
      ? { bytes: Number(buffer[3]), rounding: 0 }
      : null;
    return [own(match, {
      kind: isHost ? "host" : "allocation",
      device: allocating
        ? Number(allocating[2])
        : isHost
        ? null
        : Number(number ?? 0),
      tried: exact ??
        printedAmount((allocating?.[1] ?? "0").replace(",", "."), "MiB"),
    })];
  }
  if (vulkan) {
    const size = vulkan[1];
    return [own(vulkan, {
      tried: size === undefined ? null : { bytes: Number(size), rounding: 0 },
    })];
  }
  const large = TOO_LARGE.exec(text);
  if (large) {
    return [own(large, {
      tried: printedAmount(large[1] ?? "", "bytes"),
      allowed: printedAmount(large[2] ?? "", "bytes"),
    })];
  }
  const pinned = PINNED.exec(text);
  if (pinned) {
    return [own(pinned, {
      kind: "host",
      tried: printedAmount((pinned[1] ?? "").replace(",", "."), "MiB"),
    })];
  }
  const noFit = NO_FIT.exec(text);
  if (noFit) {
    const [, needs = "", has = ""] = PROJECTED.exec(text) ?? [];
    return [own(noFit, {
      kind: "start",
      tried: needs === "" ? null : printedAmount(needs, "MiB"),
      free: has === "" ? null : printedAmount(has, "MiB"),
      what: null,
    })];
  }
  const rest = SYSTEM_BARE.exec(text);
  if (rest) return [own(rest, { kind: "host", tool: "ollama" })];
  const other = METAL.exec(text) ?? DRIVER.exec(text) ?? NO_LOAD.exec(text);
  return other && /llama|ggml|gguf|ollama|num_gpu\b/i.test(text)
    ? [own(other, { kind: "bare", tried: amountIn(text, NEVER) })]
    : [];
}

/** Metal's lines say a size in a form of their own. */
const NEVER = ofAmounts("failed to allocate buffer, size = +%A");

/** The exact size is printed right after the rounded one. */
function near(at: number, before: number | undefined): boolean {
  return before === undefined || at > before && at - before < AFTER;
}

function whatFor(after: string): FailedWhat | null {
  const found = FOR.flatMap(([what, says]) => {
    const at = after.search(says);
    return at < 0 ? [] : [{ what, at }];
  });
  // alloc_tensor_range makes caches too, which a later line then says.
  return found.find(({ what }) => what !== "weights")?.what ??
    found[0]?.what ?? null;
}
