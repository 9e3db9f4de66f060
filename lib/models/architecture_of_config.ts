import type { Result } from "../scenario/parse_scenario.ts";
import type { Problem } from "../scenario/problem.ts";
import { shown } from "../scenario/problem.ts";
import type { Architecture, VisionTower } from "./architecture.ts";
import type { Config } from "./config.ts";
import { KEYS } from "./config_keys.ts";
import { codeOfType } from "./families/mod.ts";
import { languageOf } from "./language_of_config.ts";

/** Largest dimension that is read from a config; more is a broken file. */
const MAX_DIMENSION = 2 ** 32;

/**
 * Reads a decoder's dimensions off a config.json, of any family that names them
 * in one of the usual ways.
 *
 * @param config A parsed config.json; a vision-language model's text part is
 *   found in its `text_config`.
 * @returns The dimensions, or what is missing from the file.
 */
export function architectureOfConfig(config: Config): Result<Architecture> {
  const text = textConfig(config);
  const problems: Problem[] = [];
  const required = (keys: readonly string[]): number => {
    const value = dimension(text, keys, problems);
    if (value !== null) return value;
    problems.push({
      path: "model.config",
      message: `model.config has no ${
        keys[0]
      }: a config.json of a language model names it`,
    });
    return 1;
  };
  const optional = (keys: readonly string[]): number | null =>
    dimension(text, keys, problems);

  const type = modelType(config, text);
  const hidden = required(KEYS.hidden);
  const layers = (listedLayers(text) ?? required(KEYS.layers)) +
    encoderLayers(text, optional);
  const vocab = required(KEYS.vocab);
  const heads = optional(KEYS.heads) ?? 0;
  const headDim = optional(KEYS.headDim) ??
    (heads > 0 ? Math.floor(hidden / heads) : 0);
  const intermediate = optional(KEYS.intermediate) ?? 4 * hidden;
  const experts = optional(KEYS.experts) ?? 0;
  const architecture: Architecture = {
    type,
    layers,
    hidden_size: hidden,
    attention_heads: heads,
    kv_heads: kvHeads(text, heads, optional(KEYS.kvHeads)),
    head_dim: headDim,
    intermediate_size: intermediate,
    vocab_size: vocab,
    tie_embeddings: tied(config, text, type),
    gated_mlp: codeOfType(textType(text, type)).sizes.gated && !isPlainT5(text),
    experts,
    experts_per_token: optional(KEYS.expertsPerToken) ?? (experts > 0 ? 1 : 0),
    expert_intermediate_size: experts > 0
      ? optional(KEYS.expertIntermediate) ?? intermediate
      : 0,
    shared_expert_intermediate_size: sharedExpert(text, optional),
    dense_layers: experts > 0 ? denseLayers(text, layers, optional) : 0,
    max_position_embeddings: optional(KEYS.context),
    vision: visionTower(config, problems),
  };
  return problems.length === 0
    ? { ok: true, value: architecture }
    : { ok: false, problems };
}

/** A hybrid may list its layers' kinds instead of counting them. */
function listedLayers(text: Config): number | null {
  if (KEYS.layers.some((key) => text[key] !== undefined)) return null;
  for (const key of ["layers_block_type", "hybrid_override_pattern"]) {
    const listed = text[key];
    if (Array.isArray(listed) || typeof listed === "string") {
      return Math.max(1, listed.length);
    }
  }
  return null;
}

function textConfig(config: Config): Config {
  const { text, stated } = languageOf(config);
  return stated === config ? config : { ...text, ...config, ...stated };
}

function modelType(config: Config, text: Config): string {
  const type = config["model_type"] ?? text["model_type"];
  return typeof type === "string" && type !== ""
    ? type.replaceAll(/\p{Cc}/gu, "").slice(0, 64)
    : "unknown";
}

function textType(text: Config, type: string): string {
  return typeof text["model_type"] === "string" ? text["model_type"] : type;
}

function kvHeads(text: Config, heads: number, stated: number | null): number {
  if (
    text["multi_query"] === true && text["new_decoder_architecture"] !== true
  ) return 1;
  return stated ?? heads;
}

function tied(config: Config, text: Config, type: string): boolean {
  for (const source of [text, config]) {
    const stated = source["tie_word_embeddings"] ?? source["lm_tie_weights"];
    if (typeof stated === "boolean") return stated;
  }
  return codeOfType(type).sizes.tied;
}

function isPlainT5(text: Config): boolean {
  const projection = text["feed_forward_proj"];
  return typeof projection === "string" && !projection.includes("gated");
}

function encoderLayers(
  text: Config,
  optional: (keys: readonly string[]) => number | null,
): number {
  if (text["is_encoder_decoder"] !== true) return 0;
  return optional(["encoder_layers", "num_decoder_layers"]) ?? 0;
}

function sharedExpert(
  text: Config,
  optional: (keys: readonly string[]) => number | null,
): number {
  const stated = optional(["shared_expert_intermediate_size"]);
  if (stated !== null) return stated;
  const shared = optional(["n_shared_experts"]);
  if (shared !== null) return shared * (optional(KEYS.expertIntermediate) ?? 0);
  return codeOfType(textType(text, "")).sizes.sharedExpert
    ? optional(KEYS.intermediate) ?? 0
    : 0;
}

/** Layers with a plain MLP: the first few, those named, or all but every nth. */
function denseLayers(
  text: Config,
  layers: number,
  optional: (keys: readonly string[]) => number | null,
): number {
  const period = optional(KEYS.expertPeriod) ?? 1;
  const named = text["mlp_only_layers"];
  const first = optional(["first_k_dense_replace"]) ??
    (Array.isArray(named) ? named.length : 0);
  return period > 1
    ? layers - Math.floor(layers / period)
    : Math.min(first, layers);
}

function visionTower(config: Config, problems: Problem[]): VisionTower | null {
  const inner = config["vision_config"];
  const vision = isConfig(inner)
    ? inner
    : config["vit_n_blocks"] === undefined
    ? null
    : config;
  if (vision === null) return null;
  const layers = dimension(vision, KEYS.visionLayers, problems);
  const hidden = dimension(vision, KEYS.visionHidden, problems);
  const patch = dimension(vision, KEYS.visionPatch, problems);
  if (layers === null || hidden === null || patch === null) return null;
  return { layers, hidden_size: hidden, patch_size: patch };
}

/** A whole number of one or more under the first of the keys that has one; 0 counts as absent. */
function dimension(
  config: Config,
  keys: readonly string[],
  problems: Problem[],
): number | null {
  for (const key of keys) {
    const stated = config[key];
    const value = Array.isArray(stated) ? stated[0] : summed(stated);
    if (value === undefined || value === null || value === 0) continue;
    if (
      typeof value === "number" && Number.isInteger(value) && value > 0 &&
      value <= MAX_DIMENSION
    ) {
      return value;
    }
    problems.push({
      path: "model.config",
      message:
        `model.config.${key} must be a whole number from 1 to ${MAX_DIMENSION}: current value is ${
          shown(value)
        }`,
    });
    return 1;
  }
  return null;
}

/** LXMERT's layers are told by what they read: all of them count. */
function summed(value: unknown): unknown {
  if (!isConfig(value)) return value;
  const numbers = Object.values(value);
  return numbers.length > 0 && numbers.every((each) => typeof each === "number")
    ? numbers.reduce((sum, each) => sum + each, 0)
    : value;
}

function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
