import type { Config } from "./config.ts";
import { codeOfType } from "./families/mod.ts";

/** The two names under which transformers takes a table's positions. */
const NAMES = ["n_positions", "max_position_embeddings"];

/**
 * Completes a config.json by what its class in transformers sets for the table of
 * positions and the vocabulary, which files written by hand leave out.
 *
 * Source: huggingface/transformers models/…/configuration_….py
 *
 * @returns The config, and a note for each size that it did not state.
 */
export function withClassDefaults(
  config: Config,
): { config: Config; notes: string[] } {
  const type = config["model_type"];
  const { positions, vocabulary } =
    codeOfType(typeof type === "string" ? type : "").sizes;
  const added: Record<string, unknown> = {};
  if (positions && NAMES.every((name) => isSilent(config[name]))) {
    const [key, size] = positions;
    added[key] = size;
  }
  if (vocabulary !== null && isSilent(config["vocab_size"])) {
    added["vocab_size"] = vocabulary;
  }
  return {
    config: { ...config, ...added },
    notes: Object.entries(added).map(([name, value]) =>
      `model.config has no ${name}: ${value}, the default of transformers for ${type}, is taken`
    ),
  };
}

function isSilent(value: unknown): boolean {
  return value === undefined || value === null;
}
