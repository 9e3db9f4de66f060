import { lineAt } from "./bare.ts";
import type { FailedWhat, Failure } from "./failure.ts";
import { failureOf, shownMessage } from "./failure.ts";
import type { WrittenText } from "./lines.ts";
import { loose } from "./vllm.ts";

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
  ["start", "profile run", /The memory capacity is unbalanced/],
];

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
      })]
      : [];
  });
}
