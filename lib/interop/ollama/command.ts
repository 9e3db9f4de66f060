import type { Document } from "../reading/document.ts";
import type { ServingSource } from "../reading/serving/source.ts";
import { isProgram } from "../reading/serving/start_command.ts";

/** Variables of ollama's environment, by the keys of a Modelfile and its own. */
const VARIABLES: Readonly<Record<string, string>> = {
  OLLAMA_CONTEXT_LENGTH: "parameter.num_ctx",
  OLLAMA_KV_CACHE_TYPE: "kv_cache_type",
  OLLAMA_FLASH_ATTENTION: "flash_attention",
  OLLAMA_NUM_PARALLEL: "num_parallel",
};

/** `ollama run qwen3:32b`, also within a container; null where nothing runs. */
export function runCommand(source: ServingSource): Document | null {
  let model: string | undefined;
  const values: Record<string, unknown> = Object.create(null);
  for (const { words, env } of source.commands) {
    const at = words.findLastIndex((word, place) =>
      isProgram(word, "ollama") &&
      /^(?:run|pull|serve)$/.test(words[place + 1] ?? "")
    );
    if (at < 0) continue;
    if (words[at + 1] !== "serve") {
      model ??= words.slice(at + 2).find((word) => !word.startsWith("-"));
    }
    for (const [name, key] of Object.entries(VARIABLES)) {
      const value = env.get(name);
      if (value !== undefined && value !== "") values[key] = value;
    }
  }
  if (model === undefined) return null;
  return {
    kind: "own",
    values: { from: model, ...values },
    comments: "",
    notes: [],
  };
}
