import type { Model } from "../models/model.ts";
import type { Config } from "../models/config.ts";
import { codeOfType } from "../models/families/mod.ts";
import { told } from "../models/families/code/setting.ts";

/**
 * Elements of the table of cosines and sines that an engine keeps for every
 * position of a model: positions times the turned features of a head.
 *
 * Source: vllm-project/vllm model_executor/layers/rotary_embedding/base.py,
 * _compute_cos_sin_cache; sgl-project/sglang srt/layers/rotary_embedding/base.py has
 * the same, in fp32
 *
 * @returns 0 of a model that turns no heads, or whose config is not known.
 */
export function rotaryElements({ config, architecture }: Model): number {
  const positions = architecture.max_position_embeddings;
  if (!config || positions === null) return 0;
  const text = textOf(config);
  const { rotary } = codeOfType(typeOf(config, text));
  if (told(rotary.kind, text) === "none") return 0;
  return positions * turnedOf(text, architecture.head_dim, rotary.share) *
    rotary.tables;
}

function turnedOf(text: Config, width: number, usual: number): number {
  const own = numberIn(text, "qk_rope_head_dim") ??
    numberIn(text, "rotary_dim");
  if (own !== null) return own;
  const nested = text["rope_parameters"];
  const share = numberIn(text, "partial_rotary_factor") ??
    numberIn(text, "rotary_pct") ??
    (isConfig(nested) ? numberIn(nested, "partial_rotary_factor") : null) ??
    usual;
  return Math.trunc(width * share);
}

function textOf(config: Config): Config {
  const inner = config["text_config"] ?? config["llm_config"];
  return isConfig(inner) ? inner : config;
}

function typeOf(config: Config, text: Config): string {
  return String(text["model_type"] ?? config["model_type"] ?? "");
}

function numberIn(config: Config, key: string): number | null {
  const value = config[key];
  return typeof value === "number" && value >= 0 ? value : null;
}

function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
