import { assert, assertEquals } from "@std/assert";
import fc from "../npm/fast-check.ts";
import {
  DEFAULT_SCENARIO,
  leavesOf,
  putAt,
  tryEstimate,
} from "../../lib/mod.ts";

const PATHS = leavesOf(DEFAULT_SCENARIO).map(({ path }) => path);
const SECTIONS = [
  ...new Set(PATHS.map((path) => path.slice(0, path.lastIndexOf(".")))),
].filter((path) => path !== "");

/** Every problem says where and what; every answer adds up. */
function isSound(input: unknown): void {
  const result = tryEstimate(input);
  if (!result.ok) {
    assert(result.problems.length > 0);
    for (const { path, message } of result.problems) {
      assertEquals(typeof path, "string");
      assert(message.length > 0 && message.length < 2_000, message);
    }
    return;
  }
  const { memory, model } = result.value;
  for (const { name, bytes } of memory.parts) {
    assert(Number.isInteger(bytes) && bytes > 0, `${name}: ${bytes}`);
  }
  assert(Number.isFinite(memory.device_peak_bytes));
  assert(model.parameters > 0);
  assert(model.active_parameters >= 0);
  assert(model.active_parameters <= model.parameters);
}

function answers(name: string, inputs: fc.Arbitrary<unknown>): void {
  Deno.test(`tryEstimate() answers ${name}`, () => {
    fc.assert(fc.property(inputs, isSound), { numRuns: 500 });
  });
}

const anything = fc.anything({ withDate: true, withMap: true, withSet: true });
const odd = fc.oneof(
  anything,
  fc.constantFrom(0, -1, 1, 2 ** 20, 2 ** 53, 0.1, "1", "4k", "on", "", null),
);

answers("anything", anything);
answers("any JSON", fc.jsonValue());
answers("any JSON for a model", fc.jsonValue().map((model) => ({ model })));
answers("any text for a model", fc.string().map((model) => ({ model })));
answers(
  "anything in the place of a field",
  fc.tuple(fc.constantFrom(...PATHS), odd).map(([path, value]) =>
    withField(path, value)
  ),
);
answers(
  "anything in the place of a section",
  fc.tuple(fc.constantFrom(...SECTIONS), odd).map(([path, value]) =>
    withField(path, value)
  ),
);

const sizes = fc.oneof(
  fc.integer({ min: 0, max: 8 }),
  fc.integer({ min: -1, max: 2 ** 32 }),
  odd,
);
const whole = fc.integer({ min: 1, max: 256 });
const CONFIG_KEYS = [
  "num_attention_heads",
  "num_key_value_heads",
  "head_dim",
  "intermediate_size",
  "num_local_experts",
  "num_experts_per_tok",
  "moe_intermediate_size",
  "n_shared_experts",
  "first_k_dense_replace",
  "decoder_sparse_step",
  "mlp_only_layers",
  "max_position_embeddings",
  "vision_config",
  "text_config",
  "model_type",
  "tie_word_embeddings",
  "multi_query",
  "is_encoder_decoder",
  "encoder_layers",
  "_name_or_path",
];

answers(
  "any config.json",
  fc.record({
    hidden_size: whole,
    num_hidden_layers: whole,
    vocab_size: whole,
    more: fc.record(
      Object.fromEntries(CONFIG_KEYS.map((key) => [key, sizes])),
      { requiredKeys: [] },
    ),
  }).map(({ more, ...config }) => ({
    model: { config: { ...config, ...more } },
  })),
);

answers(
  "any dims",
  fc.record({
    parameters: sizes,
    layers: whole,
    hidden_size: whole,
    attention_heads: whole,
    vocab_size: whole,
    kv_heads: sizes,
    head_dim: sizes,
    intermediate_size: sizes,
    experts: sizes,
    experts_per_token: sizes,
    expert_intermediate_size: sizes,
    shared_expert_intermediate_size: sizes,
  }, { requiredKeys: ["layers", "hidden_size", "attention_heads"] })
    .map((dims) => ({ model: { dims } })),
);

const circular: Record<string, unknown> = {};
circular["self"] = circular;

const NOT_JSON: [name: string, value: unknown][] = [
  ["a BigInt", 1n],
  ["a symbol", Symbol("x")],
  ["a function", (): number => 1],
  ["an object that holds itself", circular],
  ["a date that is none", new Date(NaN)],
  ["a regular expression", /x/],
];

for (const [name, value] of NOT_JSON) {
  Deno.test(`tryEstimate() answers ${name}, wherever it stands`, () => {
    isSound(value);
    for (const path of [...PATHS, ...SECTIONS]) isSound(withField(path, value));
  });
}

Deno.test("tryEstimate() answers a type of model that cannot be made a text", () => {
  const sizes = { hidden_size: 1, num_hidden_layers: 1, vocab_size: 1 };
  const config = { ...sizes, model_type: { toString: 0 } };
  isSound(withField("model", { config }));
});

Deno.test("tryEstimate() answers a config of a thousand nested lists", () => {
  let nested: unknown = 1;
  for (let depth = 0; depth < 1_000; depth++) nested = [nested];
  isSound(withField("model", { config: { hidden_size: nested } }));
  isSound(withField("train.lora.targets", nested));
});

function withField(path: string, value: unknown): Record<string, unknown> {
  const input: Record<string, unknown> = { model: "llama2-7b" };
  putAt(input, path, value);
  return input;
}

Deno.test("tryEstimate() ends where a step has more bytes than can be told apart", () => {
  const result = tryEstimate({
    model: {
      config: {
        hidden_size: 232,
        num_hidden_layers: 141,
        vocab_size: 145,
        num_attention_heads: 1,
        num_local_experts: 2,
        num_experts_per_tok: 1_913_981_964,
        moe_intermediate_size: 1_048_576,
        decoder_sparse_step: 6,
      },
    },
  });
  assert(!result.ok || result.value.memory.device_peak_bytes > 2 ** 53);
});
