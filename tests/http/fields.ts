import { DEFAULT_SCENARIO, leavesOf } from "../../lib/mod.ts";
import { dimsSchema } from "../../lib/scenario/model_field.ts";

/** Every field of a Scenario by its dotted path. */
export const FIELDS: readonly string[] = leavesOf(DEFAULT_SCENARIO)
  .map(({ path }) => path);

/** The ways to describe a model that has no name. */
export const MODEL_FIELDS: readonly string[] = [
  "model.config",
  ...Object.keys(dimsSchema.shape).map((key) => `model.dims.${key}`),
];

/** A small model's dimensions. */
export const DIMS: Record<string, string> = {
  "model.dims.layers": "2",
  "model.dims.hidden_size": "64",
  "model.dims.attention_heads": "4",
  "model.dims.vocab_size": "1000",
  "model.dims.tie_embeddings": "false",
  "model.dims.gated_mlp": "true",
};

/** A small model's config.json. */
export const CONFIG: Record<string, unknown> = {
  model_type: "llama",
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 128,
  vocab_size: 1000,
};
