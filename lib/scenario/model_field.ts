import { z } from "zod";
import { field } from "./about.ts";
import { nestsDeeper } from "./depth.ts";
import { byShape, count, flag, isObject, tokens } from "./fields.ts";
import { parsePythonJson } from "./python_json.ts";

const dimension = { group: "described" } as const;

/** A switch that sends nothing while the model has a name. */
const unset = { options: ["true", "false"] } as const;

/** The dimensions of a decoder that has no name, as scenario.model.dims. */
export const dimsSchema = z.strictObject({
  parameters: field(count(1, 1e15).optional(), {
    ...dimension,
    label: "Parameters",
    blank: "counted",
  }),
  layers: field(count(1, 10_000), { ...dimension, label: "Layers" }),
  hidden_size: field(count(1, 1_048_576), {
    ...dimension,
    label: "Hidden size",
  }),
  attention_heads: field(count(1, 65_536), {
    ...dimension,
    label: "Attention heads",
  }),
  kv_heads: field(count(1, 65_536).optional(), {
    ...dimension,
    label: "KV heads",
    blank: "as attention heads",
  }),
  head_dim: field(count(1, 65_536).optional(), {
    ...dimension,
    label: "Head dimension",
    blank: "hidden ÷ heads",
  }),
  intermediate_size: field(count(1, 16_777_216).optional(), {
    ...dimension,
    label: "MLP size",
    blank: "4 × hidden",
  }),
  vocab_size: field(count(1, 16_777_216), {
    ...dimension,
    label: "Vocabulary",
  }),
  tie_embeddings: field(flag().default(false), {
    ...dimension,
    ...unset,
    label: "Head tied to embedding",
    blank: "no",
  }),
  gated_mlp: field(flag().default(true), {
    ...dimension,
    ...unset,
    label: "Gated MLP",
    blank: "yes",
  }),
  experts: field(count(1, 65_536).optional(), {
    ...dimension,
    label: "Experts",
    blank: "none",
  }),
  experts_per_token: field(count(1, 65_536).optional(), {
    ...dimension,
    label: "Experts per token",
  }),
  expert_intermediate_size: field(count(1, 16_777_216).optional(), {
    ...dimension,
    label: "Expert size",
  }),
  shared_expert_intermediate_size: field(count(1, 16_777_216).optional(), {
    ...dimension,
    label: "Shared expert size",
  }),
  max_position_embeddings: field(tokens(1, 1e9).optional(), {
    ...dimension,
    label: "Context",
    unit: "tokens",
  }),
});

/** The dimensions of a decoder, validated. */
export type Dims = z.infer<typeof dimsSchema>;

const modelName = z.string().trim().min(1).max(512)
  .regex(/^[^\p{Cc}\p{Cs}{}]*$/u, "must not hold braces or control characters");

/** Deepest config.json; real ones nest four or five levels. */
export const MAX_CONFIG_DEPTH = 16;

const described = {
  config: z.strictObject({
    config: field(
      z.record(z.string(), z.unknown()).refine(
        (config) => !nestsDeeper(config, MAX_CONFIG_DEPTH),
        `must nest at most ${MAX_CONFIG_DEPTH} levels deep`,
      ),
      {
        ...dimension,
        label: "Its config.json",
        hint: "Paste its text and clear the model's name above",
      },
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
  }, { text: modelName, objects: [described.config, described.dims] }),
);

function fromJsonText(value: unknown): unknown {
  if (typeof value !== "string" || !value.trimStart().startsWith("{")) {
    return value;
  }
  try {
    const parsed = parsePythonJson(value);
    return isConfig(parsed) ? { config: parsed } : parsed;
  } catch {
    return value;
  }
}

/** A pasted config.json has neither of the contract's two keys. */
function isConfig(value: unknown): boolean {
  return isObject(value) && !("config" in value) && !("dims" in value);
}
