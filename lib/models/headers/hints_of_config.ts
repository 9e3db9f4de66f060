import type { Config } from "../config.ts";

/** What a config says of its checkpoint that headers do not. */
export interface HeaderHints {
  /** Whether the head is the embedding; null when nothing tells. */
  tied: boolean | null;
  /** Bits of packed weights; null when nothing tells. */
  bits: number | null;
  /** Inputs that share a scale; null when nothing tells. */
  group: number | null;
}

/** No hints, as where there is no config. */
export const NO_HINTS: HeaderHints = { tied: null, bits: null, group: null };

/** Where quantisers say their bits, and how many inputs share a scale. */
const BITS = ["bits", "nbits", "num_bits", "w_bit"];
const GROUPS = ["group_size", "q_group_size"];
/** How deep settings nest: config_groups → group_0 → weights. */
const MAX_DEPTH = 4;

/**
 * Reads what a config says of how its weights are packed: GPTQ's and AWQ's
 * `bits`, compressed-tensors' `num_bits`, HQQ's `nbits`, MLX's `quantization`.
 */
export function hintsOfConfig(config: Config | null): HeaderHints {
  if (config === null) return NO_HINTS;
  const settings = config["quantization_config"] ?? config["quantization"];
  const tied = [config["text_config"], config]
    .map((part) => isRecord(part) ? part["tie_word_embeddings"] : undefined)
    .find((stated) => typeof stated === "boolean");
  return {
    tied: tied ?? null,
    bits: findNumber(settings, BITS, MAX_DEPTH),
    group: findNumber(settings, GROUPS, MAX_DEPTH),
  };
}

/** A number above 0 under one of the keys; that of weights before any other. */
function findNumber(
  value: unknown,
  keys: readonly string[],
  depth: number,
): number | null {
  if (!isRecord(value) || depth === 0) return null;
  for (const key of keys) {
    const stated = value[key];
    if (typeof stated === "number" && Number.isInteger(stated) && stated > 0) {
      return stated;
    }
  }
  const inner = [value["weights"], ...Object.values(value)];
  for (const next of inner) {
    const found = findNumber(next, keys, depth - 1);
    if (found !== null) return found;
  }
  return null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
