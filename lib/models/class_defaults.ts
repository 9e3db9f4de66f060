import type { Config } from "./architecture_of_config.ts";

/** Sizes that a class of transformers sets where a config.json is silent. */
const POSITIONS: Readonly<
  Record<string, readonly [key: string, size: number]>
> = {
  gpt2: ["n_positions", 1024],
  gpt_bigcode: ["n_positions", 1024],
  gptj: ["n_positions", 2048],
  codegen: ["n_positions", 2048],
  gpt_neo: ["max_position_embeddings", 2048],
  opt: ["max_position_embeddings", 2048],
  bert: ["max_position_embeddings", 512],
  roberta: ["max_position_embeddings", 512],
  "xlm-roberta": ["max_position_embeddings", 512],
  camembert: ["max_position_embeddings", 512],
  distilbert: ["max_position_embeddings", 512],
  electra: ["max_position_embeddings", 512],
};

/** The two names under which transformers takes a table's positions. */
const NAMES = ["n_positions", "max_position_embeddings"];

const VOCABULARIES: Readonly<Record<string, number>> = {
  gpt2: 50_257,
  gpt_bigcode: 50_257,
  gptj: 50_400,
  codegen: 50_400,
  gpt_neo: 50_257,
  opt: 50_272,
  bert: 30_522,
  roberta: 50_265,
  "xlm-roberta": 30_522,
  camembert: 30_522,
  distilbert: 30_522,
  electra: 30_522,
};

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
  if (typeof type !== "string" || !Object.hasOwn(POSITIONS, type)) {
    return { config, notes: [] };
  }
  const added: Config = {};
  const [key, size] = POSITIONS[type] ?? [];
  if (key !== undefined && NAMES.every((name) => isSilent(config[name]))) {
    added[key] = size;
  }
  if (isSilent(config["vocab_size"])) added["vocab_size"] = VOCABULARIES[type];
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
