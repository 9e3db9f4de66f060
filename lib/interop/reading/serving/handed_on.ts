import { flagValues } from "../commands/flag_values.ts";

/** Flags of a tool that are an engine's own, without what stands before them. */
interface HandedOn {
  /** The words that start the engine, up to its model. */
  starts: readonly string[];
  /** What stands before its flags, empty where nothing does. */
  prefix: string;
}

/** Engines that ms-swift hands its settings on to: swift/arguments/infer_args.py. */
const ENGINES: Readonly<Record<string, HandedOn>> = {
  vllm: { starts: ["vllm", "serve"], prefix: "vllm_" },
  sglang: {
    starts: ["python", "-m", "sglang.launch_server", "--model-path"],
    prefix: "sglang_",
  },
  lmdeploy: {
    starts: ["lmdeploy", "serve", "api_server"],
    prefix: "lmdeploy_",
  },
};

/** What of TRL's server and ms-swift's is no flag of the engine. */
const NOT_ITS_OWN = new Set([
  "model",
  "host",
  "port",
  "log_level",
  "vllm_model_impl",
  "vllm_use_async_engine",
  "vllm_engine_kwargs",
  "sglang_engine_kwargs",
]);

/**
 * The engine's own command behind one of another tool: `trl vllm-serve`, and
 * `swift deploy` with an `infer_backend`. Other commands stay as they are.
 */
export function handedOn(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word, place) =>
    /(?:^|\/)(?:trl|swift)$/.test(word) &&
    /^(?:vllm-serve|deploy|infer|app|eval|rollout|sample)$/
      .test(words[place + 1] ?? "")
  );
  if (at < 0) return words;
  const { values } = flagValues(words.slice(at + 2));
  const trl = words[at + 1] === "vllm-serve";
  const backend = trl || words[at + 1] === "rollout"
    ? "vllm"
    : String(values["infer_backend"] ?? "");
  const engine = Object.hasOwn(ENGINES, backend) ? ENGINES[backend] : undefined;
  const { model } = values;
  if (!engine || typeof model !== "string") return words;
  const prefix = trl ? "" : engine.prefix;
  const flags = Object.entries(values).flatMap(([key, value]) => {
    if (NOT_ITS_OWN.has(key) || !key.startsWith(prefix) || value === false) {
      return [];
    }
    const flag = `--${key.slice(prefix.length).replaceAll("_", "-")}`;
    return value === true ? [flag] : [flag, textOf(value)];
  });
  return [...words.slice(0, at), ...engine.starts, model, ...flags];
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
