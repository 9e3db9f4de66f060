import { isObject } from "../../../scenario/fields.ts";
import type { StartCommand } from "./start_command.ts";
import { documentsIn, objectsIn } from "./yaml_objects.ts";

/** Flags of vLLM without one of which a file of settings is not taken for its. */
const OF_VLLM =
  /^(?:tensor-parallel-size|pipeline-parallel-size|max-model-len|gpu-memory-utilization|max-num-seqs|max-num-batched-tokens|enforce-eager|enable-expert-parallel)$/;
/** Those of SGLang, whose model is model-path. */
const OF_SGLANG =
  /^(?:tp-size|tp|dp-size|mem-fraction-static|context-length|chunked-prefill-size)$/;

/** Whether a text may hold an engine's settings as YAML has them. */
export function looksLikeEngineSettings(text: string): boolean {
  return /^[^\S\n]*(?:-\s+)?["']?(?:vllmConfig|engine_kwargs|engine_args)["']?\s*:/m
    .test(text) ||
    /^["']?(?:model|model[-_]path)["']?\s*:/m.test(text) &&
      !/^["']?(?:base_model|train|finetuning_type)\w*["']?\s*:/m.test(text);
}

/**
 * The commands that files of settings stand for: vLLM's and SGLang's `--config`, the
 * production stack's `vllmConfig`, Ray's `engine_kwargs`, FlagScale's `engine_args`.
 */
export function commandsOfSettings(text: string): StartCommand[] {
  const documents = documentsIn(text);
  const own = documents.flatMap((each) =>
    isObject(each) ? ofWholeFile(each) ?? [] : []
  );
  if (own.length > 0) return own;
  return [...objectsIn(documents)].flatMap((each) => ofSection(each) ?? []);
}

/** A file whose settings are the flags themselves. */
function ofWholeFile(values: Record<string, unknown>): StartCommand | null {
  const names = Object.keys(values).map(dashed);
  if ("model" in values && names.some((name) => OF_VLLM.test(name))) {
    return command(["vllm", "serve"], values["model"], values);
  }
  return names.includes("model-path") &&
      names.some((name) => OF_SGLANG.test(name))
    ? command(["sglang", "serve"], undefined, values)
    : null;
}

/** A section that holds them, beside the model's name. */
function ofSection(section: Record<string, unknown>): StartCommand | null {
  const {
    vllmConfig,
    modelURL,
    requestGPU,
    engine_kwargs,
    model_loading_config,
    engine_args,
    engine,
  } = section;
  if (isObject(vllmConfig)) {
    const { extraArgs, ...own } = vllmConfig;
    const made = command(["vllm", "serve"], modelURL, own);
    const more = Array.isArray(extraArgs) ? extraArgs.map(String) : [];
    const gpus = Number(requestGPU);
    return {
      ...made,
      words: [...made.words, ...more],
      gpus: Number.isSafeInteger(gpus) && gpus > 0 ? gpus : null,
    };
  }
  if (isObject(engine_kwargs) && isObject(model_loading_config)) {
    const { model_source, model_id } = model_loading_config;
    return command(["vllm", "serve"], model_source ?? model_id, engine_kwargs);
  }
  return isObject(engine_args) && (engine === "vllm" || engine === undefined)
    ? command(["vllm", "serve"], undefined, engine_args)
    : null;
}

/** A command whose flags are settings, names by hyphens. */
function command(
  program: readonly string[],
  model: unknown,
  settings: Record<string, unknown>,
): StartCommand {
  const named = typeof model === "string" ? ["--model", model] : [];
  const flags = Object.entries(settings).flatMap(([key, value]) =>
    key === "model" && named.length > 0 || value === null ||
      value === undefined
      ? []
      : [`--${dashed(key)}=${textOf(value)}`]
  );
  return {
    words: [...program, ...named, ...flags],
    env: new Map(),
    image: null,
    gpus: null,
    notes: [],
  };
}

/** `maxModelLen` and `max_model_len` as `max-model-len`. */
function dashed(key: string): string {
  return key.replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2").replaceAll("_", "-")
    .toLowerCase();
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
