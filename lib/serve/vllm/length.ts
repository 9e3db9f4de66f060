import type { Config } from "../../models/config.ts";
import type { Model } from "../../models/model.ts";
import { languageConfigOf, typesOf } from "../language_config.ts";

/** What is taken where no key of the config says how long a sequence may be. */
const WHERE_SILENT = 2048;

/** Scalings whose `max_position_embeddings` already has them. */
const SCALED = [
  "su",
  "longrope",
  "llama3",
  "yarn",
  "deepseek_yarn",
  "deepseek_llama_scaling",
];

/** The longest sequence of a model. */
export interface ModelLength {
  /** What a scenario's own may be at most; null where the config does not say. */
  readonly most: number | null;
  /** What is taken when the scenario has none. */
  readonly usual: number;
}

/**
 * How long a sequence may be, by a model's config.
 *
 * Source: vllm-project/vllm 0.33 config/model.py, _get_and_verify_max_len
 */
export function lengthOf(model: Model): ModelLength {
  const text = languageConfigOf(model);
  const positions = model.architecture.max_position_embeddings;
  if (positions === null) return { most: null, usual: WHERE_SILENT };
  const scaling = scalingOf(text);
  const type = scaling === null
    ? null
    : scaling["rope_type"] ?? scaling["type"] ?? null;
  const factor = scaling?.["factor"];
  const isScaledHere = typeof type === "string" && type !== "default" &&
    !SCALED.includes(type) && typeof factor === "number" &&
    !typesOf(model).some((name) => name.includes("gemma3"));
  const most = isScaledHere ? Math.floor(positions * factor) : positions;
  const original = text["original_max_position_embeddings"];
  return {
    most,
    usual: type === "longrope" && typeof original === "number"
      ? Math.min(most, original)
      : most,
  };
}

function scalingOf(text: Config): Config | null {
  for (const key of ["rope_parameters", "rope_scaling"]) {
    const stated = text[key];
    if (typeof stated === "object" && stated !== null) return stated as Config;
  }
  return null;
}
