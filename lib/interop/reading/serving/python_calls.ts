import type { PythonCall, PythonValue } from "../python/python_value.ts";
import { readPython } from "../python/read_python.ts";
import type { StartCommand } from "./start_command.ts";

/** Classes that load a model to serve it from within Python. */
const CALLS =
  /\b(?:LLM|Llama|Engine|(?:Async)?EngineArgs|AsyncLLM|Llama\.from_pretrained)\s*\(/;

/** Whether a text is Python that loads a model with a serving engine. */
export function looksLikeServingPython(text: string): boolean {
  return CALLS.test(text) &&
    /^[^\S\n]*(?:from|import)\s+(?:vllm|tensorrt_llm|sglang|llama_cpp)\b/m
      .test(text);
}

/** The commands that the calls of a text of Python stand for. */
export function commandsOfPython(text: string): StartCommand[] {
  const library =
    /^[^\S\n]*(?:from|import)\s+(vllm|tensorrt_llm|sglang|llama_cpp)\b/m
      .exec(text)?.[1] ?? "";
  return readPython(text).flatMap((call) => {
    const words = wordsOf(call, library);
    return words === null ? [] : [{
      words,
      env: new Map(),
      image: null,
      gpus: null,
      notes: [],
    }];
  });
}

function wordsOf(call: PythonCall, library: string): string[] | null {
  const { name, on, named, placed } = call;
  if (library === "llama_cpp") return llamaWords(call);
  if (library === "sglang") {
    return name === "Engine" ? ["sglang", "serve", ...flagsOf(named)] : null;
  }
  if (!/^(?:LLM|(?:Async)?EngineArgs|AsyncLLM)$/.test(name)) return null;
  const model = named["model"] ?? placed[0];
  const { model: _, ...rest } = named;
  const start = typeof model === "string" ? ["--model", model] : [];
  if (library === "tensorrt_llm") {
    return ["trtllm-serve", ...start, ...flagsOf(respelled(rest))];
  }
  return on === "" || on === "vllm"
    ? [
      "vllm",
      "serve",
      ...start,
      ...flagsOf(rest),
      ...name === "LLM" ? ["--offline"] : [],
    ]
    : null;
}

/** TensorRT-LLM's arguments by the names of its command's flags. */
function respelled(
  named: Record<string, PythonValue>,
): Record<string, PythonValue> {
  return Object.fromEntries(
    Object.entries(named).map(([key, value]) => [
      key.replace("tensor_parallel_size", "tp_size")
        .replace("pipeline_parallel_size", "pp_size")
        .replace("moe_expert_parallel_size", "ep_size"),
      value,
    ]),
  );
}

/** llama-cpp-python's Llama, by llama.cpp's flags. */
function llamaWords(
  { name, on, named, placed }: PythonCall,
): string[] | null {
  const isLoaded = name === "Llama";
  if (!isLoaded && !(name === "from_pretrained" && /Llama$/.test(on))) {
    return null;
  }
  const { n_ctx, n_batch, n_ubatch, n_gpu_layers, flash_attn, n_seq_max } =
    named;
  const path = named["model_path"] ?? placed[0];
  const repository = named["repo_id"] ?? placed[0];
  const type = /(?:^|[-._*])(i?q\d[a-z0-9_]*|b?f16|mxfp4)/i
    .exec(String(named["filename"] ?? ""))?.[1];
  const model = isLoaded
    ? ["-m", String(path ?? "")]
    : ["-hf", `${repository ?? ""}${type === undefined ? "" : `:${type}`}`];
  // Its own defaults: a context of 512, all on the host, logits of the last token.
  return [
    "llama-server",
    ...model,
    ...flagsOf({
      ctx_size: n_ctx ?? 512,
      batch_size: n_batch,
      ubatch_size: n_ubatch,
      n_gpu_layers: n_gpu_layers === -1 ? "all" : n_gpu_layers ?? 0,
      parallel: n_seq_max ?? 1,
      ...(flash_attn === true ? { flash_attn: "on" } : {}),
    }),
  ];
}

function flagsOf(named: Readonly<Record<string, PythonValue>>): string[] {
  return Object.entries(named).flatMap(([key, value]) =>
    value === undefined || value === null ? [] : [
      `--${key.replaceAll("_", "-")}=${
        typeof value === "object" ? JSON.stringify(value) : String(value)
      }`,
    ]
  );
}
