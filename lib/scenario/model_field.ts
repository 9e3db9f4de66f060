import { z } from "zod";
import { nestsDeeper } from "./depth.ts";
import { byShape, count, flag, isObject, tokens } from "./fields.ts";

/** The dimensions of a decoder that has no name, as scenario.model.dims. */
export const dimsSchema = z.strictObject({
  parameters: count(1, 1e15).optional(),
  layers: count(1, 10_000),
  hidden_size: count(1, 1_048_576),
  attention_heads: count(1, 65_536),
  kv_heads: count(1, 65_536).optional(),
  head_dim: count(1, 65_536).optional(),
  intermediate_size: count(1, 16_777_216).optional(),
  vocab_size: count(1, 16_777_216),
  tie_embeddings: flag().default(false),
  gated_mlp: flag().default(true),
  experts: count(1, 65_536).optional(),
  experts_per_token: count(1, 65_536).optional(),
  expert_intermediate_size: count(1, 16_777_216).optional(),
  shared_expert_intermediate_size: count(1, 16_777_216).optional(),
  max_position_embeddings: tokens(1, 1e9).optional(),
});

/** The dimensions of a decoder, validated. */
export type Dims = z.infer<typeof dimsSchema>;

const modelName = z.string().trim().min(1).max(512)
  .regex(/^[^\p{Cc}\p{Cs}{}]*$/u, "must not hold braces or control characters");

/** Deepest config.json; real ones nest four or five levels. */
export const MAX_CONFIG_DEPTH = 16;

const described = {
  config: z.strictObject({
    config: z.record(z.string(), z.unknown()).refine(
      (config) => !nestsDeeper(config, MAX_CONFIG_DEPTH),
      `must nest at most ${MAX_CONFIG_DEPTH} levels deep`,
    ),
  }),
  dims: z.strictObject({ dims: dimsSchema }),
  both: z.custom<never>(
    () => false,
    "must be either a name or a description (dims, config), not both",
  ),
};

/** A catalogue name, a Hub id, a path, `{"config"}` or `{"dims"}`. */
export type ModelField =
  | string
  | { config: Record<string, unknown> }
  | { dims: Dims };

/** The model of a Scenario. */
export const modelField: z.ZodType<ModelField, unknown> = z.preprocess(
  fromJsonText,
  byShape<ModelField>((value) => {
    if (!isObject(value)) return modelName;
    if ("name" in value) return described.both;
    return "dims" in value ? described.dims : described.config;
  }),
);

function fromJsonText(value: unknown): unknown {
  if (typeof value !== "string" || !value.trimStart().startsWith("{")) {
    return value;
  }
  try {
    const parsed: unknown = JSON.parse(value);
    return isConfig(parsed) ? { config: parsed } : parsed;
  } catch {
    return value;
  }
}

/** A pasted config.json has neither of the contract's two keys. */
function isConfig(value: unknown): boolean {
  return isObject(value) && !("config" in value) && !("dims" in value);
}
