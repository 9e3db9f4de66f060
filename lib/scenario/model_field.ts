import { z } from "zod";
import { count, flag, tokens } from "./fields.ts";

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
  .regex(/^[^\p{Cc}{}]+$/u, "must not hold braces or control characters");

const BOTH = "must be either a name or a description (dims, config), not both";

const modelObject = z.union([
  z.strictObject({ config: z.record(z.string(), z.unknown()) }),
  z.strictObject({ dims: dimsSchema }),
]);

/** A catalogue name, a Hub id, a path, `{"config"}` or `{"dims"}`. */
export type ModelField =
  | string
  | { config: Record<string, unknown> }
  | { dims: Dims };

/**
 * The model of a Scenario. The shape of the value picks the schema, so that a
 * message speaks of what the user meant rather than of every alternative.
 */
export const modelField: z.ZodType<ModelField, unknown> = z.preprocess(
  fromJsonText,
  z.unknown().transform((value, context) => {
    if (isObject(value) && "name" in value) {
      context.addIssue({ code: "custom", message: BOTH });
      return z.NEVER;
    }
    const schema = schemaFor(value);
    const result = schema.safeParse(value);
    if (result.success) return result.data as ModelField;
    for (const issue of result.error.issues) {
      context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    }
    return z.NEVER;
  }),
);

function schemaFor(value: unknown): z.ZodType {
  if (!isObject(value)) return modelName;
  return "dims" in value ? modelObject.options[1] : modelObject.options[0];
}

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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
