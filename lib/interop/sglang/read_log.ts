import type { Document } from "../reading/document.ts";
import type { Format } from "../reading/format.ts";
import {
  LogFigures,
  printedBytes,
  pythonValues,
  shownLine,
} from "../reading/serving/log_lines.ts";
import { COMMAND_KEYS } from "../reading/serving/read_command.ts";
import { assumeServed } from "../reading/serving/rules.ts";
import type { ServingSource } from "../reading/serving/source.ts";
import { SGLANG_NEUTRAL, SGLANG_UNEXPRESSED } from "./left_out.ts";
import { SGLANG_RULES } from "./rules.ts";

/*
 * Lines of SGLang's log; its GB are GiB.
 *
 * Source: sgl-project/sglang srt/model_executor/model_runner.py,
 * srt/mem_cache/memory_pool.py, srt/managers/scheduler.py
 */
const WEIGHTS = /Load weight end\..{0,400}?mem usage=(\d+(?:\.\d+)?) GB/;
const POOL =
  /KV Cache is allocated\..{0,100}?#tokens: (\d+)(?:, K size: (\d+(?:\.\d+)?) GB, V size: (\d+(?:\.\d+)?) GB|, KV size: (\d+(?:\.\d+)?) GB)/;
const WINDOWED =
  /SWAKVPool mem usage: (\d+(?:\.\d+)?) GB, swa size: \d+, full size: (\d+)/;
const TOTAL_TOKENS = /max_total_num_tokens=(\d+)/;
const GRAPHS =
  /Capture (?:target )?(?:\w+ )?cuda graph end\..{0,200}?mem usage=(\d+(?:\.\d+)?) GB/i;
const TELLS = /Load weight end\.|KV Cache is allocated\.|SWAKVPool mem usage/;
/** What a draft's own lines say. */
const OF_A_DRAFT = /NextN|MTP|Eagle|draft/i;

/** Settings of `ServerArgs`, and the flags that they are. */
const SETTINGS: Readonly<Record<string, string>> = {
  model_path: "model-path",
  tp_size: "tp-size",
  pp_size: "pp-size",
  dp_size: "dp-size",
  ep_size: "ep-size",
  dtype: "dtype",
  quantization: "quantization",
  mem_fraction_static: "mem-fraction-static",
  context_length: "context-length",
  max_running_requests: "max-running-requests",
  chunked_prefill_size: "chunked-prefill-size",
  kv_cache_dtype: "kv-cache-dtype",
  page_size: "page-size",
  disable_cuda_graph: "disable-cuda-graph",
  disable_radix_cache: "disable-radix-cache",
  swa_full_tokens_ratio: "swa-full-tokens-ratio",
  speculative_draft_model_path: "speculative-draft-model-path",
  max_total_tokens: "max-total-tokens",
  enable_dp_attention: "enable-dp-attention",
};
const NAMES = Object.keys(SETTINGS);
/** Settings that say nothing where they are these. */
const SILENT = new Set(["dp-size=1", "ep-size=1", "pp-size=1", "tp-size=1"]);

function parse(source: ServingSource): Document | null {
  if (!source.lines.some((line) => TELLS.test(line))) return null;
  const figures = new LogFigures();
  const values: Record<string, unknown> = Object.create(null);
  values[COMMAND_KEYS.program] = "sglang";
  for (const line of source.lines) {
    if (line.includes("ServerArgs(")) putSettings(values, line);
    putFigures(figures, line);
  }
  return {
    kind: "own",
    values,
    comments: "",
    notes: missing(figures),
    figures: figures.all,
  };
}

function putSettings(values: Record<string, unknown>, line: string): void {
  for (const [name, value] of pythonValues(line, NAMES)) {
    const flag = SETTINGS[name];
    if (flag === undefined || value === "False") continue;
    if (!SILENT.has(`${flag}=${value}`)) values[flag] = value;
  }
}

function putFigures(figures: LogFigures, line: string): void {
  const weights = OF_A_DRAFT.test(line) ? null : WEIGHTS.exec(line);
  if (weights) {
    figures.put({
      name: "weights_bytes",
      device: null,
      ...printedBytes(weights[1] ?? "0", "GB"),
      line: shownLine(line, weights.index),
    });
  }
  const pool = POOL.exec(line);
  if (pool) {
    const [, tokens = "0", keys, values, both] = pool;
    const sizes = (both === undefined ? [keys, values] : [both])
      .map((digits) => printedBytes(digits ?? "0", "GB"));
    figures.put({
      name: "kv_pool_bytes",
      device: null,
      value: sizes.reduce((sum, { value }) => sum + value, 0),
      rounding: sizes.reduce((sum, { rounding }) => sum + rounding, 0),
      line: shownLine(line, pool.index),
    });
    putTokens(figures, tokens, line, pool.index);
  }
  const windowed = WINDOWED.exec(line);
  if (windowed) {
    figures.put({
      name: "kv_pool_bytes",
      device: null,
      ...printedBytes(windowed[1] ?? "0", "GB"),
      line: shownLine(line, windowed.index),
    });
    putTokens(figures, windowed[2] ?? "0", line, windowed.index);
  }
  const total = TOTAL_TOKENS.exec(line);
  if (total) putTokens(figures, total[1] ?? "0", line, total.index);
  const graphs = GRAPHS.exec(line);
  if (graphs) {
    figures.put({
      name: "graph_bytes",
      device: null,
      ...printedBytes(graphs[1] ?? "0", "GB"),
      line: shownLine(line, graphs.index),
    });
  }
}

function putTokens(
  figures: LogFigures,
  digits: string,
  line: string,
  at: number,
): void {
  figures.put({
    name: "kv_tokens",
    device: null,
    value: Number(digits),
    rounding: 0,
    line: shownLine(line, at),
  });
}

/** What a log that was cut does not tell. */
function missing(figures: LogFigures): string[] {
  return [
    ...(figures.has("weights_bytes")
      ? []
      : ["the log does not tell how much the weights took: it may be cut"]),
    ...(figures.has("kv_tokens") ? [] : [
      "the log does not tell how many tokens the cache holds: it may be cut",
    ]),
  ];
}

/** What SGLang prints while it starts. */
export const sglangLog: Format = {
  id: "sglang-log",
  title: "SGLang's log",
  kind: "own",
  serves: true,
  recognises: () => false,
  parse,
  rules: SGLANG_RULES,
  unexpressed: SGLANG_UNEXPRESSED,
  neutral: SGLANG_NEUTRAL,
  finish: (draft) => assumeServed(draft, "SGLang"),
};
