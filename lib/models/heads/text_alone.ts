import type { Config } from "../config.ts";
import { classesOf, namedClass } from "./class_of_config.ts";

/** Types whose `text_config` counts as one though it does not name its type. */
const TEXT_TYPES: Readonly<Record<string, string>> = {
  minimax_m3_vl: "minimax_m3_vl_text",
  mllama: "mllama_text_model",
  qwen3_5: "qwen3_5_text",
  qwen3_5_moe: "qwen3_5_moe_text",
};

/**
 * The config of a language model alone, where `architectures` names a class that
 * reads no more of a vision-language model's config than its `text_config`.
 *
 * Source: huggingface/transformers configuration_utils.py, from_pretrained
 */
export function textAlone(
  config: Config,
): { config: Config; notes: readonly string[] } {
  const whole = { config, notes: [] };
  const named = namedClass(config);
  const type = typeof config["model_type"] === "string"
    ? config["model_type"]
    : "";
  const text = config["text_config"];
  if (named === "" || !isConfig(text)) return whole;
  if (classesOf(type)?.includes(named) !== false) return whole;
  const own = typeof text["model_type"] === "string"
    ? text["model_type"]
    : TEXT_TYPES[type] ?? "";
  if (!classesOf(own)?.includes(named)) return whole;
  const outer = Object.fromEntries(
    ["_name_or_path", "transformers_version"].flatMap((key) =>
      config[key] === undefined ? [] : [[key, config[key]]]
    ),
  );
  return {
    config: {
      ...outer,
      ...text,
      model_type: own,
      architectures: [named],
    },
    notes: [
      `model.config.architectures names ${named}, which is built of model.config.text_config alone: images and sounds have no part`,
    ],
  };
}

function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
