import type { Estimate, Serving } from "../../lib/mod.ts";
import { CACHES_AS_ASKED, formatBytes, groupDigits } from "../../lib/mod.ts";

/** What engines call themselves. */
const NAMES: Readonly<Record<string, string>> = {
  transformers: "transformers",
  vllm: "vLLM",
  sglang: "SGLang",
  tgi: "TGI",
  "tensorrt-llm": "TensorRT-LLM",
  "llama.cpp": "llama.cpp",
};

/** The name of a serving engine in a sentence. */
export function engineName({ engine }: Pick<Serving, "engine">): string {
  return NAMES[engine] ?? engine;
}

/** How a scenario is served, for a person. */
export interface ServingVerdict {
  state: "comfortable" | "tight" | "over";
  /** "vLLM starts on H100-80GB and holds 154,000 tokens: 4 users at 32,768 tokens" */
  title: string;
  /** The same in a few words: "9,748 tokens, 2 users". */
  short: string;
  /** What else there is to say of it. */
  sentences: string[];
}

/** Where the model is served: "2 × RTX 4090". */
function placeOf({ scenario, fit }: Estimate): string {
  const { gpus } = scenario.parallel;
  const own = fit[0]?.gpu ?? "the GPU";
  const unlike = scenario.hardware.gpus;
  if (unlike) return unlike.join(" + ");
  return gpus === 1 ? own : `${gpus} × ${own}`;
}

/**
 * The verdict on a model that is served.
 *
 * @returns Null where no engine was played.
 */
export function servingVerdict(estimate: Estimate): ServingVerdict | null {
  const { serve, kv, scenario, fit } = estimate;
  const own = fit[0];
  if (!serve || !own) return null;
  const { batch, input_tokens, output_tokens } = scenario.serve;
  const length = input_tokens + output_tokens;
  const place = placeOf(estimate);
  const engine = engineName(serve);
  if (!serve.starts) {
    // No memory helps what is refused for another reason.
    const missing = own.headroom_bytes < -1
      ? [
        takesShare(serve)
          ? `${formatBytes(-own.headroom_bytes)} are missing on each GPU.`
          : `${formatBytes(-own.headroom_bytes)} too much per GPU.`,
      ]
      : [];
    return {
      state: "over",
      title: takesShare(serve)
        ? `${engine} does not start on ${place}`
        : `Does not fit on ${place} with ${engine}`,
      short: takesShare(serve) ? "Does not start" : "Does not fit",
      sentences: [
        ...(serve.refusal === null ? [] : [asSentence(serve.refusal)]),
        ...missing,
      ],
    };
  }
  const most = kv?.max_sequences ?? null;
  const waits = most !== null && most < batch;
  const users = most === null
    ? ""
    : `: ${usersOf(most)} at ${groupDigits(length)} tokens`;
  const title = takesShare(serve) && serve.kv_tokens !== null
    ? `${engine} starts on ${place} and holds ${
      groupDigits(serve.kv_tokens)
    } tokens${users}`
    : `Fits on ${place} with ${engine}: ${
      formatBytes(estimate.memory.device_peak_bytes)
    } of ${formatBytes(own.usable_bytes)}${
      scenario.parallel.gpus === 1 ? "" : " on the fullest"
    }`;
  return {
    state: waits ? "tight" : "comfortable",
    title,
    short: takesShare(serve) && serve.kv_tokens !== null
      ? `Starts: ${groupDigits(serve.kv_tokens)} tokens`
      : `Fits: ${formatBytes(estimate.memory.device_peak_bytes)}`,
    sentences: [
      ...(waits
        ? [
          `Of the ${groupDigits(batch)} sequences asked for, ${
            groupDigits(most)
          } run at once; the others wait.`,
        ]
        : []),
      ...(takesShare(serve) ? [] : [
        `${formatBytes(own.headroom_bytes)} to spare${
          most === null
            ? ""
            : `, room for ${usersOf(most)} at ${groupDigits(length)} tokens`
        }.`,
      ]),
    ],
  };
}

/** Whether an engine takes its share of a GPU whatever is asked of it. */
function takesShare({ engine }: Pick<Serving, "engine">): boolean {
  return !CACHES_AS_ASKED.has(engine);
}

function usersOf(count: number): string {
  return count === 1 ? "1 user" : `${groupDigits(count)} users`;
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A figure of a serving engine: what it is, and how much. */
export type ServingFigure = readonly [name: string, text: string];

/** The figures that an engine's answer is made of, most wanted first. */
export function servingFigures(
  { serve, kv, fit, memory }: Estimate,
): ServingFigure[] {
  if (!serve) return [];
  const bytes = (
    name: string,
    value: number | null | undefined,
  ): ServingFigure[] => value ? [[name, formatBytes(value)]] : [];
  const count = (
    name: string,
    value: number | null | undefined,
    unit = "",
  ): ServingFigure[] =>
    value === null || value === undefined
      ? []
      : [[name, `${groupDigits(value)}${unit}`]];
  const free = (fit[0]?.usable_bytes ?? 0) - memory.device_peak_bytes;
  return [
    ...bytes("Weights", serve.weights_bytes),
    ...bytes(
      "Pool for the cache",
      takesShare(serve) ? serve.kv_pool_bytes : null,
    ),
    ...bytes("Cache of the sequences asked for", kv?.bytes),
    ...bytes("Compute at the peak", serve.compute_bytes),
    ...bytes("CUDA graphs", serve.graph_bytes),
    ...bytes("Outside of the engine", serve.outside_bytes),
    ...bytes("Free", Math.max(0, free)),
    ...count(
      takesShare(serve) ? "Tokens that the pool holds" : "Tokens in the cache",
      serve.kv_tokens,
    ),
    ...count("Sequences of this length at once", kv?.max_sequences),
    ...count("Longest sequence", serve.max_model_len, " tokens"),
    ...(serve.max_concurrency === null ? [] : [
      [
        "Sequences of that length at once",
        serve.max_concurrency.toFixed(2),
      ] as const,
    ]),
    ...bytes("Cache of one more token", kv?.bytes_per_token),
    ...(kv?.fixed_bytes_per_sequence
      ? bytes(
        "Windows and states of one sequence",
        kv.fixed_bytes_per_sequence,
      )
      : []),
  ];
}

/** An engine's options as it resolved them: "max_num_seqs 256". */
export function settingsText({ settings }: Serving): string[] {
  return Object.entries(settings).map(([name, value]) =>
    `${name} ${value === null ? "none" : String(value)}`
  );
}
