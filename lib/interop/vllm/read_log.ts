import type { Document } from "../reading/document.ts";
import type { Format } from "../reading/format.ts";
import type { LogFigureName } from "../reading/imported.ts";
import {
  LogFigures,
  printedBytes,
  printedCount,
  pythonValues,
  shownLine,
} from "../reading/serving/log_lines.ts";
import { COMMAND_KEYS } from "../reading/serving/read_command.ts";
import { assumeServed } from "../reading/serving/rules.ts";
import type { ServingSource } from "../reading/serving/source.ts";
import { VLLM_NEUTRAL, VLLM_UNEXPRESSED } from "./left_out.ts";
import { VLLM_RULES } from "./rules.ts";

/**
 * Lines of vLLM's log, of releases from 0.6 on.
 *
 * Source: vllm-project/vllm v1/worker/gpu_model_runner.py, v1/worker/gpu_worker.py,
 * v1/core/kv_cache_utils.py, worker/worker.py
 */
const BYTES: readonly (readonly [name: LogFigureName, line: RegExp])[] = [
  ["weights_bytes", /Model loading took (\d+(?:\.\d+)?) (GiB|GB)/],
  ["weights_bytes", /Loading model weights took (\d+(?:\.\d+)?) (GiB|GB)/],
  ["kv_pool_bytes", /Available KV cache memory: (\d+(?:\.\d+)?) (GiB|GB)/],
  ["kv_pool_bytes", /reserved for KV Cache is (\d+(?:\.\d+)?) ?(GiB|GB)/],
  ["compute_bytes", /activation peak memory takes (\d+(?:\.\d+)?) ?(GiB|GB)/],
  [
    "graph_bytes",
    /Graph capturing finished in .{0,40}took (\d+(?:\.\d+)?) (GiB|GB)/,
  ],
];
const TOKENS = /GPU KV cache size: ([\d,]+) tokens/;
const BLOCKS = /# (?:GPU|cuda|CUDA) blocks: ([\d,]+)/;
const CONCURRENCY =
  /Maximum concurrency for [\d,]+ tokens per request: ([\d.]+)x/;
const TOTAL = /total_gpu_memory \((\d+(?:\.\d+)?) ?GiB\)/;
/** Tokens of a block of releases that print blocks. */
const BLOCK = 16;

/** Where settings are printed, and the flags that they are. */
const SETTINGS: Readonly<Record<string, string>> = {
  model: "model",
  model_tag: "model",
  tensor_parallel_size: "tensor-parallel-size",
  pipeline_parallel_size: "pipeline-parallel-size",
  data_parallel_size: "data-parallel-size",
  dtype: "dtype",
  quantization: "quantization",
  max_model_len: "max-model-len",
  max_seq_len: "max-model-len",
  gpu_memory_utilization: "gpu-memory-utilization",
  max_num_seqs: "max-num-seqs",
  max_num_batched_tokens: "max-num-batched-tokens",
  kv_cache_dtype: "kv-cache-dtype",
  block_size: "block-size",
  enforce_eager: "enforce-eager",
  enable_prefix_caching: "enable-prefix-caching",
  enable_lora: "enable-lora",
  max_loras: "max-loras",
  max_lora_rank: "max-lora-rank",
};
const NAMES = Object.keys(SETTINGS);
const SAYS_SETTINGS =
  /non-default args: \{|LLM engine \(v[^)]{0,60}\) with config: |args: Namespace\(/;
const TELLS =
  /Model loading took|Loading model weights took|KV cache memory:|GPU KV cache size:|# GPU blocks:|gpu_memory_utilization \(/;
/** A log that ends before vLLM has measured anything tells its settings. */
const NAMED = /vllm|LLM engine|api_server|cli_args|utils\.py/i;

function parse(source: ServingSource): Document | null {
  const isCut = (line: string) => SAYS_SETTINGS.test(line) && NAMED.test(line);
  if (!source.lines.some((line) => TELLS.test(line) || isCut(line))) {
    return null;
  }
  const figures = new LogFigures();
  const values: Record<string, unknown> = Object.create(null);
  values[COMMAND_KEYS.program] = "vllm";
  for (const line of source.lines) {
    if (SAYS_SETTINGS.test(line)) putSettings(values, line);
    const total = TOTAL.exec(line)?.[1];
    if (total !== undefined) values[GPU_KEY] = total;
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

const GPU_KEY = "total-gpu-memory";

/** What is given wins over what is resolved, which later lines print. */
function putSettings(values: Record<string, unknown>, line: string): void {
  for (const [name, value] of pythonValues(line, NAMES)) {
    const flag = SETTINGS[name];
    if (flag !== undefined && values[flag] === undefined) values[flag] = value;
  }
}

function putFigures(figures: LogFigures, line: string): void {
  for (const [name, pattern] of BYTES) {
    const match = pattern.exec(line);
    if (!match) continue;
    const [, digits = "0", unit] = match;
    figures.put({
      name,
      device: null,
      ...printedBytes(digits, unit === "GB" ? "GB" : "GiB"),
      line: shownLine(line, match.index),
    });
  }
  const tokens = TOKENS.exec(line);
  if (tokens) {
    figures.put({
      name: "kv_tokens",
      device: null,
      value: printedCount(tokens[1] ?? "0"),
      rounding: 0,
      line: shownLine(line, tokens.index),
    });
  }
  const blocks = BLOCKS.exec(line);
  if (blocks) {
    figures.put({
      name: "kv_tokens",
      device: null,
      value: printedCount(blocks[1] ?? "0") * BLOCK,
      rounding: 0,
      line: shownLine(line, blocks.index),
    });
  }
  const concurrency = CONCURRENCY.exec(line);
  if (concurrency) {
    figures.put({
      name: "max_concurrency",
      device: null,
      value: Number(concurrency[1]),
      rounding: 0.005,
      line: shownLine(line, concurrency.index),
    });
  }
}

/** What a log that was cut does not tell. */
function missing(figures: LogFigures): string[] {
  return [
    ["weights_bytes", "how much the weights took"],
    ["kv_tokens", "how many tokens the cache holds"],
  ].flatMap(([name, words]) =>
    figures.has(name as LogFigureName)
      ? []
      : [`the log does not tell ${words}: it may be cut`]
  );
}

/** What vLLM prints while it starts. */
export const vllmLog: Format = {
  id: "vllm-log",
  title: "vLLM's log",
  kind: "own",
  serves: true,
  recognises: () => false,
  parse,
  rules: [
    ...VLLM_RULES,
    {
      keys: [GPU_KEY],
      fields: ["hardware.gpu"],
      values: "GiB",
      read: (setting, draft) =>
        draft.state(setting, "hardware.gpu", {
          memory_gib: Number(setting.value),
        }),
    },
  ],
  unexpressed: VLLM_UNEXPRESSED,
  neutral: VLLM_NEUTRAL,
  finish: (draft) => assumeServed(draft, "vLLM"),
};
