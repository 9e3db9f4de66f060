import { shown } from "../scenario/problem.ts";
import type { Config } from "./config.ts";

/** Kinds of layers, by the field that lists them; legacy words are read as new ones. */
const KINDS: Readonly<Record<string, ReadonlySet<unknown>>> = {
  layer_types: new Set([
    "full_attention",
    "sliding_attention",
    "chunked_attention",
    "window_attention",
    "indexed_attention",
    "compressed_sparse_attention",
    "heavily_compressed_attention",
    "minimax_m3_sparse",
    "conv",
    "moe",
    "hybrid",
    "hybrid_sliding",
    "reference_sliding_attention",
    "linear_attention",
    "mamba",
    "attention",
    "deepseek_sparse_attention",
    "qwen_sparse_attention",
    // Dory alone.
    "mlp",
  ]),
  // The last two are DeepSeek V4's alone.
  mlp_layer_types: new Set(["sparse", "dense", "moe", "hash_moe"]),
};

/**
 * What a config's lists of layers' kinds say that transformers knows no layer of: it
 * builds no such model, and what is counted is a guess.
 *
 * Source: huggingface/transformers 5.24.0 configuration_utils.py, validate_layer_type
 */
export function layerKindWarnings(config: Config): string[] {
  return [config, config["text_config"]].filter(isObject).flatMap((each) =>
    Object.entries(KINDS).flatMap(([field, kinds]) => {
      const listed = each[field];
      if (!Array.isArray(listed)) return [];
      const strange = listed.find((kind) => !kinds.has(kind));
      return strange === undefined ? [] : [
        `model.config.${field} names ${
          shown(strange)
        }, which is no kind of layer that transformers 5.24.0 knows`,
      ];
    })
  );
}

function isObject(value: unknown): value is Config {
  return typeof value === "object" && value !== null;
}
