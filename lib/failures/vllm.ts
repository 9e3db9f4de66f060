import { lineAt } from "./bare.ts";
import type { Failure } from "./failure.ts";
import { failureOf, shownMessage } from "./failure.ts";
import type { WrittenText } from "./lines.ts";
import { onOneLine } from "./lines.ts";
import { loose, ofAmounts } from "./patterns.ts";
import { amountIn, printedAmount } from "./printed.ts";

/*
 * Refusals of vLLM, of releases from 0.2 on.
 *
 * Source: vllm-project/vllm v1/core/kv_cache_utils.py, v1/worker/gpu_worker.py,
 * v1/worker/gpu_model_runner.py, worker/worker.py raise_if_cache_size_invalid
 */
const NEEDED =
  /To serve at least one request with (?:the )?model'?s?(?:'s)? max seq len \((\d{1,9})\)/;
// A terminal may have broken the line within a word that follows.
const NEEDS = ofAmounts("%A KV c");
const HAS = ofAmounts(String.raw`available KV cache memory \(%A\)`);
const ROOM = /estimated maximum model length is (\d{1,9})/;
const TOKENS =
  /max seq len \((\d{1,9})\) is larger than the maximum number of tokens that can be stored in (?:the )?KV cache \((\d{1,9})\)/;
const NO_CACHE = /No available memory for the cache blocks/;
const START =
  /Free memory on device(?: \w{1,12}(?::\d{1,3})?)? \((\d{1,9}(?:\.\d{1,3})?)\/(\d{1,9}(?:\.\d{1,3})?) GiB\) on startup is less than desired GPU memory utilization \((\d(?:\.\d{1,4})?), (\d{1,9}(?:\.\d{1,3})?) GiB\)/;
const DEVICE = /Free memory on device \w{1,12}:(\d{1,3})/;
const SAMPLER =
  /out of memory occurred when warming up sampler with (\d{1,6}) dummy requests/;
const PROFILING = /Error in memory profiling/;

/** Characters of a message that are looked at. */
const AROUND = 900;

/** Reads why vLLM would not start. */
export function vllmFailures({ who, text }: WrittenText): Failure[] {
  const found: Failure[] = [];
  const read = (
    says: RegExp,
    failure: (around: string, match: RegExpExecArray) => Partial<Failure>,
  ): void => {
    const match = says.exec(text);
    if (!match) return;
    const around = onOneLine(text.slice(match.index, match.index + AROUND));
    found.push(failureOf({
      kind: "cache",
      tool: "vLLM",
      message: shownMessage(lineAt(text, match.index)),
      at: match.index,
      who,
      ...failure(around, match),
    }));
  };
  read(loose(NEEDED), (around, [, asked]) => ({
    tried: amountIn(around, NEEDS),
    free: amountIn(around, HAS),
    what: "KV cache",
    tokens: {
      asked: Number(asked),
      room: numberIn(around, ROOM),
    },
  }));
  read(loose(TOKENS), (_, [, asked, room]) => ({
    what: "KV cache",
    tokens: { asked: Number(asked), room: Number(room) },
  }));
  read(loose(NO_CACHE), () => ({ kind: "no cache", what: "KV cache" }));
  read(loose(START), (around, [, free = "", all = "", , wanted = ""]) => ({
    kind: "start",
    tried: printedAmount(wanted, "GiB"),
    free: printedAmount(free, "GiB"),
    capacity: printedAmount(all, "GiB"),
    device: numberIn(around, DEVICE),
  }));
  read(loose(SAMPLER), () => ({ kind: "bare", what: "sampler" }));
  read(loose(PROFILING), () => ({ kind: "start", what: "profile run" }));
  return found;
}

function numberIn(text: string, pattern: RegExp): number | null {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}
