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
 * What a config's lists of layers' kinds say that transformers knows no layer of, and
 * lists that are not as long as the layers are many: it builds no such model, and what
 * is counted is a guess.
 *
 * Source: huggingface/transformers 5.24.0 configuration_utils.py, validate_layer_type
 */
export function layerKindWarnings(config: Config): string[] {
  return [config, config["text_config"]].filter(isObject).flatMap((each) =>
    Object.entries(KINDS).flatMap(([field, kinds]) => {
      const listed = each[field];
      if (listed === undefined || listed === null) return [];
      if (!Array.isArray(listed)) {
        return [
          `model.config.${field} must be a list of kinds of layers: current value is ${
            shown(listed)
          }`,
        ];
      }
      const strange = listed.find((kind) => !kinds.has(kind));
      const layers = each["num_hidden_layers"];
      return [
        ...(strange === undefined ? [] : [
          `model.config.${field} names ${
            shown(strange)
          }, which is no kind of layer that transformers 5.24.0 knows`,
        ]),
        ...(typeof layers !== "number" || layers === listed.length ? [] : [
          `model.config.${field} must have num_hidden_layers (${layers}) entries, or transformers builds no model of it: it has ${listed.length}`,
        ]),
      ];
    })
  );
}

function isObject(value: unknown): value is Config {
  return typeof value === "object" && value !== null;
}
