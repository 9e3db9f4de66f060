import { assert, assertEquals } from "@std/assert";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { assertOk } from "./results.ts";

/** Language models of the release, and what transformers 5.23.0 counts in them. */
const RELEASED = [
  {
    total: 7_463_013_376,
    every: 6,
    own: { head_dim: 512 },
    config: {
      model_type: "gemma4_text",
      hidden_size: 2560,
      num_hidden_layers: 42,
      num_attention_heads: 8,
      num_key_value_heads: 2,
      intermediate_size: 10_240,
      num_kv_shared_layers: 18,
      hidden_size_per_layer_input: 256,
    },
  },
  {
    total: 4_628_569_344,
    every: 5,
    own: { head_dim: 512 },
    config: {
      model_type: "gemma4_text",
      hidden_size: 1536,
      num_hidden_layers: 35,
      num_attention_heads: 8,
      num_key_value_heads: 1,
      intermediate_size: 6144,
      num_kv_shared_layers: 20,
      hidden_size_per_layer_input: 256,
      use_double_wide_mlp: true,
    },
  },
  {
    total: 25_233_141_760,
    every: 6,
    own: { head_dim: 512, num_key_value_heads: 2 },
    config: {
      model_type: "gemma4_text",
      hidden_size: 2816,
      num_hidden_layers: 30,
      num_attention_heads: 16,
      num_key_value_heads: 8,
      intermediate_size: 2112,
      hidden_size_per_layer_input: 0,
      enable_moe_block: true,
      num_experts: 128,
      top_k_experts: 8,
      moe_intermediate_size: 704,
      attention_k_eq_v: true,
    },
  },
  {
    total: 30_697_345_280,
    every: 6,
    own: { head_dim: 512, num_key_value_heads: 4 },
    config: {
      model_type: "gemma4_text",
      hidden_size: 5376,
      num_hidden_layers: 60,
      num_attention_heads: 32,
      num_key_value_heads: 16,
      intermediate_size: 21_504,
      hidden_size_per_layer_input: 0,
      attention_k_eq_v: true,
    },
  },
  {
    total: 11_907_350_272,
    every: 6,
    own: { head_dim: 512, num_key_value_heads: 1 },
    config: {
      model_type: "gemma4_unified_text",
      hidden_size: 3840,
      num_hidden_layers: 48,
      num_attention_heads: 16,
      num_key_value_heads: 8,
      intermediate_size: 15_360,
      attention_k_eq_v: true,
    },
  },
];

/** As transformers writes the numbers of layers, and as people may. */
const KEYS: readonly ((layer: number) => string)[] = [
  (layer) => `${layer}`,
  (layer) => `${layer}`.padStart(2, "0"),
  (layer) => `${layer}`.padStart(3, "0"),
  (layer) => ` ${layer} `,
];

Deno.test("Gemma 4 is counted by a config of each layer, however its number is written", () => {
  for (const { total, every, own, config } of RELEASED) {
    const count = config.num_hidden_layers;
    const isFull = (layer: number) => (layer + 1) % every === 0;
    const layers = Array.from({ length: count }, (_, at) => at);
    const common = {
      ...config,
      vocab_size: 262_144,
      head_dim: 256,
      layer_types: layers.map((at) =>
        isFull(at) ? "full_attention" : "sliding_attention"
      ),
    };
    const ways = [
      {
        global_head_dim: 512,
        num_global_key_value_heads: own.num_key_value_heads ?? null,
      },
      ...KEYS.map((key) => ({
        per_layer_config: Object.fromEntries(
          layers.filter(isFull).map((at) => [key(at), own]),
        ),
      })),
    ];
    for (const way of ways) {
      const model = resolveModel({ config: { ...common, ...way } });
      assertOk(model);
      assertEquals(model.value.parameters, total);
      assertEquals(model.value.notes, []);
    }
  }
});

Deno.test("A config of each layer must name layers that there are", () => {
  const [first] = RELEASED;
  const config = { ...first?.config, vocab_size: 262_144, head_dim: 256 };
  for (const key of ["42", "-1", "five", "1.0", ""]) {
    const model = resolveModel({
      config: { ...config, per_layer_config: { [key]: { head_dim: 512 } } },
    });
    assert(!model.ok, key);
    assertEquals(model.problems, [{
      path: "model",
      message:
        `model.config.per_layer_config must name layers by whole numbers from 0 to 41: current value is "${key}"`,
    }]);
  }
});

Deno.test("A config of each layer is doubted where no model is built with it", () => {
  const model = resolveModel({
    config: {
      model_type: "llama",
      hidden_size: 64,
      intermediate_size: 96,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      vocab_size: 320,
      per_layer_config: { "0": { intermediate_size: 48 } },
    },
  });
  assert(model.ok);
  assertEquals(model.value.doubts, [
    "model.config.per_layer_config is not counted: transformers 5.24.0 builds no model of type llama with it",
  ]);
});
