import fc from "../npm/fast-check.ts";

/** Values of any kind, drawn at random. */
export type Any = fc.Arbitrary<unknown>;

/** Whole numbers, their ends above all. */
export const whole = (min: number, max: number): Any =>
  fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
/** Numbers between two ends, never -0. */
export const real = (min: number, max: number): Any =>
  fc.double({ min, max, noNaN: true }).map((value) => value + 0);
/** A value, or another drawn. */
export const or = (value: unknown, arbitrary: Any): Any =>
  fc.oneof(fc.constant(value), arbitrary);
/** Texts of these characters, and of any. */
export const text = (chars: string, max: number): fc.Arbitrary<string> =>
  fc.oneof(
    ...[fc.constantFrom(...chars), "grapheme" as const].map((unit) =>
      fc.string({ unit, minLength: 1, maxLength: max })
    ),
  );
const model = or(null, fc.constantFrom("gpt2", "mistralai/Mistral-7B-v0.1"));

/** What a scenario's training has beside its step. */
export const besideFields: Readonly<Record<string, Any>> = {
  saving: fc.record({
    gathers: fc.constantFrom(null, "host", "device"),
    merged: fc.boolean(),
  }),
  critic: model,
  reward_model: model,
  teacher: model,
};

/** Dimensions in place of a model. */
export const dims = fc.record({
  parameters: whole(1, 1e15),
  layers: whole(1, 10_000),
  hidden_size: whole(1, 1_048_576),
  attention_heads: whole(1, 65_536),
  kv_heads: whole(1, 65_536),
  head_dim: whole(1, 65_536),
  intermediate_size: whole(1, 16_777_216),
  vocab_size: whole(1, 16_777_216),
  tie_embeddings: fc.boolean(),
  gated_mlp: fc.boolean(),
  experts: whole(1, 65_536),
  experts_per_token: whole(1, 65_536),
  expert_intermediate_size: whole(1, 16_777_216),
  shared_expert_intermediate_size: whole(1, 16_777_216),
  max_position_embeddings: whole(1, 1e9),
}, {
  requiredKeys: ["layers", "hidden_size", "attention_heads", "vocab_size"],
});
