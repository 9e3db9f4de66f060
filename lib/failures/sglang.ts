import { lineAt } from "./bare.ts";
import type { FailedWhat, Failure } from "./failure.ts";
import { failureOf, shownMessage } from "./failure.ts";
import type { WrittenText } from "./lines.ts";
import { loose } from "./patterns.ts";
import { printedAmount } from "./printed.ts";

/*
 * Refusals of SGLang.
 *
 * Source: sgl-project/sglang srt/model_executor/model_runner.py,
 * pool_configurator.py, cuda_graph_runner.py, srt/managers/scheduler.py
 */
const SAYS: readonly (readonly [
  kind: Failure["kind"],
  what: FailedWhat,
  says: RegExp,
])[] = [
  [
    "no cache",
    "KV cache",
    /Not enough memory\. Please try to increase --mem-fraction-static/,
  ],
  [
    "bare",
    "CUDA graphs",
    /Capture (?:cuda|CUDA) graph failed: .{0,40}out of memory/,
  ],
  [
    "cache",
    "KV cache",
    /KV cache pool is full|Prefill out of memory|Decode out of memory/,
  ],
  ["cache", "KV cache", /alloc_(?:req_slots|token_slots) runs out of memory/],
  ["start", "weights", /The memory capacity is unbalanced/],
];

const ASKED = /Try to allocate (\d{1,9}) tokens/;
const ROOM =
  /(?:Avail(?:a|ia)ble|Avaliable)(?: \w{1,12})? ?(?:tokens)?: (\d{1,10})/;
const UNBALANCED =
  /(?:pre_model_load_memory|min_per_gpu_memory)=(\d{1,5}(?:\.\d{1,12})?), local_gpu_memory=(\d{1,5}(?:\.\d{1,12})?)/;
/** Characters after a message that belong to it. */
const AFTER = 600;

function tokensIn(after: string): Failure["tokens"] {
  const numberIn = (pattern: RegExp): number | null => {
    const found = pattern.exec(after)?.[1];
    return found === undefined ? null : Number(found);
  };
  return { asked: numberIn(ASKED), room: numberIn(ROOM) };
}

/** What the emptiest and the fullest GPU have free, in SGLang's GB, which are GiB. */
function freeIn(after: string): Partial<Failure> {
  const [, least = "", own = ""] = UNBALANCED.exec(after.slice(0, AFTER)) ?? [];
  return least === "" ? {} : {
    free: printedAmount(least.slice(0, 8), "GB"),
    tried: printedAmount(String(0.9 * Number(own)).slice(0, 8), "GB"),
  };
}

/** Reads why SGLang would not start, or gave up. */
export function sglangFailures({ who, text }: WrittenText): Failure[] {
  return SAYS.flatMap(([kind, what, says]) => {
    const match = loose(says).exec(text);
    return match
      ? [failureOf({
        kind,
        tool: "SGLang",
        message: shownMessage(lineAt(text, match.index)),
        at: match.index,
        who,
        what,
        ...(kind === "cache"
          ? { tokens: tokensIn(text.slice(match.index, match.index + AFTER)) }
          : {}),
        ...(kind === "start" ? freeIn(text.slice(match.index)) : {}),
      })]
      : [];
  });
}
