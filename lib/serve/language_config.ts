import type { Config } from "../models/config.ts";
import type { Model } from "../models/model.ts";

const remembered = new WeakMap<Config, Config>();

/**
 * The part of a model's config.json that describes its language model, over what
 * stands beside it; empty for a model that no config describes.
 */
export function languageConfigOf({ config }: Pick<Model, "config">): Config {
  if (!config) return {};
  const before = remembered.get(config);
  if (before) return before;
  const language = languageOf(config);
  remembered.set(config, language);
  return language;
}

function languageOf(config: Config): Config {
  const inner = [
    "text_config",
    "llm_config",
    "language_config",
    "thinker_config",
  ]
    .map((key) => config[key])
    .find(isRecord);
  if (!inner) return config;
  const nested = inner["text_config"];
  return { ...config, ...inner, ...(isRecord(nested) ? nested : {}) };
}

/** The types that a config names, the language model's first. */
export function typesOf(
  model: Pick<Model, "config" | "architecture">,
): string[] {
  const inner = languageConfigOf(model)["model_type"];
  return [inner, model.config?.["model_type"], model.architecture.type]
    .filter((type): type is string => typeof type === "string");
}

function isRecord(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
