import type { FilledField } from "../../answer/explanation.ts";
import type { FailureReading } from "../../failures/read.ts";
import type { Failure } from "../../failures/failure.ts";
import { readPart, writtenTexts } from "../../failures/lines.ts";
import { findGpu, GPUS } from "../../hardware/gpus.ts";
import { ggufOfFile } from "../../interop/reading/serving/gguf_names.ts";
import { parseScenario } from "../../scenario/parse_scenario.ts";
import { leavesOf, putAt, valueAt } from "../../scenario/walk.ts";
import { GIB } from "../../units/mod.ts";
import { writtenIn } from "./written.ts";

/** A Scenario's input, filled with what a text tells. */
export interface FilledScenario {
  /** Null where nobody names a model. */
  readonly input: Record<string, unknown> | null;
  /** What the text told of it, beyond what was given. */
  readonly filled: readonly FilledField[];
}

/** Engines by the tools whose messages are read. */
const ENGINES: Readonly<Record<string, string>> = {
  "vLLM": "vllm",
  "SGLang": "sglang",
  "TGI": "tgi",
  "llama.cpp": "llama.cpp",
  "ollama": "llama.cpp",
  "LM Studio": "llama.cpp",
};

/**
 * Fills a scenario with what a text tells: the engine and its flags, the trainer's
 * settings, the model, the GPU by its memory, and a batch by its shape.
 *
 * @param given What the asker says of the run, which wins.
 */
export function fillScenario(
  text: string,
  reading: FailureReading,
  given: Record<string, unknown> | null,
): FilledScenario {
  const said = new Map<string, FilledField>();
  const say = (path: string, value: unknown, from: string): void => {
    if (value !== undefined && !said.has(path)) {
      said.set(path, { path, value, from });
    }
  };
  const own = writtenTexts(readPart(text)).map((stream) => stream.text).join(
    "\n",
  );
  const { failure, facts, moment } = reading;
  for (const each of writtenIn(own, facts.settings)) {
    say(each.path, each.value, each.from);
  }
  const engine = engineOf(reading, own);
  if (engine === null && moment?.name !== "generate") {
    for (const { path, value } of facts.stack) say(path, value, "its stack");
  }
  if (engine !== null) {
    say("task", "serve", "the program that wrote it");
    say("serve.engine", engine, "the program that wrote it");
  } else if (moment?.name === "generate" && facts.settings.size === 0) {
    say("task", "serve", "text was generated when it failed");
  }
  const serves = (valueAt(given ?? {}, "task") ?? said.get("task")?.value) ===
    "serve";
  const gguf = engine === "llama.cpp" ? ggufIn(own) : null;
  if (gguf?.isKnown) {
    say("model", gguf.model, "the name of its file");
    if (gguf.type !== null) {
      say("quantization.weights", `gguf:${gguf.type}`, "the name of its file");
    }
  }
  const context = engine === "llama.cpp" ? CONTEXT.exec(own)?.[1] : undefined;
  if (context !== undefined) {
    say("serve.cache_tokens", Number(context), "the context in the text");
  }
  if (facts.model !== null) say("model", facts.model, "its name in the text");
  if (facts.shape) {
    const [rows, tokens] = facts.shape;
    say(serves ? "serve.batch" : "train.micro_batch", rows, "a tensor's shape");
    say(
      serves ? "serve.input_tokens" : "train.sequence_length",
      tokens,
      "a tensor's shape",
    );
  }
  const asked = failure.tool === "vLLM" ? failure.tokens?.asked ?? null : null;
  if (asked !== null) say("serve.max_model_len", asked, "the message");
  const warmed = /warming up sampler with (\d{1,6}) dummy/.exec(own)?.[1];
  if (warmed !== undefined) {
    say("serve.max_sequences", Number(warmed), "the message");
  }
  if (moment?.inner === SCORES && engine === null) {
    say(serves ? "serve.attention" : "train.attention", "eager", "its stack");
  }
  if (moment?.recomputes) say("train.checkpointing", "full", "its stack");
  const gpu = gpuOfFailure(failure, facts.gpus);
  if (gpu !== null) {
    said.delete("hardware.gpu");
    say("hardware.gpu", gpu, "the memory that the message tells");
  }
  return merged(said, given);
}

/** The context as ollama and llama.cpp call it. */
const CONTEXT = /(?:num_ctx|n_ctx|KvSize)["']? {0,3}[=: ] {0,3}(\d{2,8})\b/;

/** What only attention without a kernel of its own makes. */
const SCORES = "the scores of attention";

/** The serving engine that wrote it; null where none did. */
function engineOf(
  { failure, more }: FailureReading,
  text: string,
): string | null {
  for (const { tool } of [failure, ...more]) {
    const known = ENGINES[tool];
    if (known !== undefined) return known;
  }
  if (/\/sglang\/srt\/|sgl-workspace/.test(text)) return "sglang";
  return /\/vllm\/(?:v1|worker|engine|model_executor|executor)\/|EngineCore|VllmWorker/
      .test(text)
    ? "vllm"
    : null;
}

/** Longest path of a file that is looked at. */
const MOST_PATH = 200;

/** The first file of a model that is named. */
function ggufIn(text: string) {
  const end = text.indexOf(".gguf");
  if (end < 0) return null;
  const before = text.slice(Math.max(0, end - MOST_PATH), end);
  const name = /[\w.\\/-]+$/.exec(before.split(/[\s'"=:,()]/).at(-1) ?? "")
    ?.[0];
  return name === undefined ? null : ggufOfFile(`${name}.gguf`);
}

/** How far a GPU's memory may be off the catalogue's: drivers keep more or less. */
const NEAR = 0.006;

/**
 * The GPU by what PyTorch prints as its capacity: by name where the text has one of
 * that memory, or the catalogue a single one; else by its memory alone.
 */
function gpuOfFailure(
  { capacity, kind, tool }: Failure,
  named: readonly string[],
): unknown {
  if (kind === "host" || kind === "shared") return named[0] ?? null;
  const [first] = named;
  if (!capacity) return first ?? null;
  const known = first === undefined ? null : findGpu(first);
  const isNear = (bytes: number): boolean =>
    Math.abs(bytes / capacity.bytes - 1) < NEAR;
  // nvidia-smi counts what the driver keeps for itself too.
  if (known && (isNear(known.usable_bytes) || tool === "nvidia-smi")) {
    return known.name;
  }
  const alike = GPUS.filter(({ usable_bytes }) =>
    Math.abs(usable_bytes - capacity.bytes) <= capacity.rounding
  );
  return alike.length === 1
    ? alike[0]?.name ?? null
    : { memory_gib: Number((capacity.bytes / GIB).toFixed(2)) };
}

/** What was given over what was said; what the schema refuses of the text is left out. */
function merged(
  said: Map<string, FilledField>,
  given: Record<string, unknown> | null,
): FilledScenario {
  const stated = new Set(leavesOf(given ?? {}).map(({ path }) => path));
  const isGiven = (path: string): boolean =>
    [...stated].some((each) =>
      each === path || each.startsWith(`${path}.`) ||
      path.startsWith(`${each}.`)
    );
  const task = valueAt(given ?? {}, "task") ??
    (valueAt(given ?? {}, "train") !== undefined ? "train" : undefined);
  let filled = [...said.values()].filter(({ path }) =>
    !isGiven(path) && belongs(path, task)
  );
  for (let round = 0; round <= said.size; round++) {
    const input = structuredClone(given ?? {});
    for (const { path, value } of filled) putAt(input, path, value);
    filled = withGpus(input, filled, isGiven("parallel.gpus"));
    if (input["model"] === undefined) return { input: null, filled };
    const parsed = parseScenario(input);
    if (parsed.ok) return { input, filled };
    const wrong = filled.findLast(({ path }) =>
      parsed.problems.some((problem) =>
        problem.path === path || problem.path.startsWith(`${path}.`) ||
        path.startsWith(`${problem.path}.`)
      )
    ) ?? (round === 0 ? undefined : filled.at(-1));
    // What is wrong is of what was given, and told to who gave it.
    if (!wrong) {
      return { input, filled };
    }
    filled = filled.filter((each) =>
      each !== wrong
    );
  }
  return { input: given, filled: [] };
}

/** Axes whose product the GPUs are a multiple of. */
const AXES = ["parallel.tp", "parallel.pp", "parallel.cp"];

/** As many GPUs as the text's axes need; or without the axes, where GPUs were given. */
function withGpus(
  input: Record<string, unknown>,
  filled: readonly FilledField[],
  isGiven: boolean,
): FilledField[] {
  const ranks = AXES.reduce((product, path) => {
    const size = valueAt(input, path);
    return product * (typeof size === "number" && size > 0 ? size : 1);
  }, 1);
  const gpus = valueAt(input, "parallel.gpus") ?? 1;
  if (typeof gpus !== "number" || gpus % ranks === 0) return [...filled];
  if (isGiven) {
    for (const { path } of filled) {
      if (AXES.includes(path)) putAt(input, path, 1);
    }
    return filled.filter(({ path }) => !AXES.includes(path));
  }
  putAt(input, "parallel.gpus", ranks);
  return [
    ...filled.filter(({ path }) => path !== "parallel.gpus"),
    { path: "parallel.gpus", value: ranks, from: "as many as its ranks" },
  ];
}

/** Whether a field of the text means anything for the task that was given. */
function belongs(path: string, task: unknown): boolean {
  if (task === undefined) return true;
  const section = path.split(".")[0];
  if (section === "task") return false;
  return task === "serve" ? section !== "train" : section !== "serve";
}
