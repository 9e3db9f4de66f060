import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { estimate, tryEstimate } from "../../lib/mod.ts";
import { architectureOfConfig } from "../../lib/models/architecture_of_config.ts";
import type { Architecture } from "../../lib/models/architecture.ts";
import type { Config } from "../../lib/models/config.ts";
import { assertOk } from "./results.ts";

const CONFIG: Config = {
  model_type: "llama",
  hidden_size: 2_048,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  intermediate_size: 8_192,
  vocab_size: 128_256,
  tie_word_embeddings: true,
};

/** What is wrong with the config, and what the message has to say. */
const REFUSED: [name: string, change: Config, message: string][] = [
  ["no hidden_size", { hidden_size: undefined }, "has no hidden_size"],
  ["no layers", { num_hidden_layers: null }, "has no num_hidden_layers"],
  ["no vocab_size", { vocab_size: 0 }, "has no vocab_size"],
  [
    "text",
    { hidden_size: "2048" },
    "config.hidden_size must be a whole number",
  ],
  ["a switch", { vocab_size: true }, "config.vocab_size must be"],
  ["an object", { vocab_size: {} }, "config.vocab_size must be"],
  ["a negative", { vocab_size: -1 }, "current value is -1"],
  ["a fraction", { num_hidden_layers: 1.5 }, "current value is 1.5"],
  [
    "a huge size",
    { intermediate_size: 2 ** 33 },
    "current value is 8589934592",
  ],
  ["an endless size", { hidden_size: 1e308 }, "config.hidden_size must be"],
  ["lists in lists", { intermediate_size: [[1]] }, "config.intermediate_size"],
  ["a list of text", { num_attention_heads: ["32"] }, "num_attention_heads"],
  ["text for heads", { num_key_value_heads: "8" }, "num_key_value_heads"],
  ["text for experts", { num_local_experts: "8" }, "num_local_experts"],
  ["text for a context", { max_position_embeddings: "4k" }, "max_position"],
];

for (const [name, change, message] of REFUSED) {
  Deno.test(`architectureOfConfig() refuses ${name}`, () => {
    const result = tryEstimate({ model: { config: { ...CONFIG, ...change } } });
    assert(!result.ok);
    assertEquals(result.problems.length, 1);
    assert(result.problems[0]?.path.startsWith("model.config"));
    assertStringIncludes(result.problems[0]?.message ?? "", message);
  });
}

for (
  const [stack, change] of [
    ["decoder", { num_hidden_layers: 1e9 }],
    ["generic decoder", { num_hidden_layers: 1e9, model_type: "unheard_of" }],
    ["vision tower", {
      model_type: "llava",
      text_config: CONFIG,
      vision_config: {
        num_hidden_layers: 1e9,
        hidden_size: 64,
        patch_size: 14,
        image_size: 28,
      },
    }],
  ] as const
) {
  Deno.test(`tryEstimate() refuses endless layers of a ${stack}`, () => {
    const result = tryEstimate({ model: { config: { ...CONFIG, ...change } } });
    assert(!result.ok);
    assertEquals(
      result.problems[0]?.message,
      "model must have at most 10000 layers: its config describes 1000000000",
    );
  });
}

Deno.test("architectureOfConfig() names everything that is missing", () => {
  const result = tryEstimate({ model: { config: {} } });
  assert(!result.ok);
  assertEquals(
    result.problems.map(({ message }) => message.split(":")[0]),
    ["hidden_size", "num_hidden_layers", "vocab_size"].map((key) =>
      `model.config has no ${key}`
    ),
  );
});

Deno.test("architectureOfConfig() repeats no more than the start of a value", () => {
  const hidden_size = "x".repeat(100_000);
  const result = tryEstimate({ model: { config: { ...CONFIG, hidden_size } } });
  assert(!result.ok);
  assert((result.problems[0]?.message.length ?? 0) < 300);
});

function read(change: Config): Architecture {
  const result = architectureOfConfig({ ...CONFIG, ...change });
  assertOk(result);
  return result.value;
}

const READ: [name: string, change: Config, expected: Partial<Architecture>][] =
  [
    ["the usual names", {}, {
      type: "llama",
      layers: 16,
      hidden_size: 2_048,
      attention_heads: 32,
      kv_heads: 8,
      head_dim: 64,
      intermediate_size: 8_192,
      vocab_size: 128_256,
      tie_embeddings: true,
      gated_mlp: true,
      experts: 0,
      vision: null,
    }],
    ["a head_dim of its own", { head_dim: 128 }, { head_dim: 128 }],
    ["no key-value heads", { num_key_value_heads: undefined }, {
      kv_heads: 32,
    }],
    ["one key-value head", { multi_query: true }, { kv_heads: 1 }],
    ["four times the width", { intermediate_size: undefined }, {
      intermediate_size: 8_192,
    }],
    ["a text part", { text_config: { hidden_size: 1_024, vocab_size: 9 } }, {
      hidden_size: 1_024,
      vocab_size: 9,
      layers: 16,
    }],
    ["a vision tower", {
      vision_config: {
        num_hidden_layers: 24,
        hidden_size: 1_024,
        patch_size: 14,
      },
    }, { vision: { layers: 24, hidden_size: 1_024, patch_size: 14 } }],
    ["experts", { num_experts: 64, num_experts_per_tok: 8 }, {
      experts: 64,
      experts_per_token: 8,
      expert_intermediate_size: 8_192,
      dense_layers: 0,
    }],
    ["first layers without experts", {
      n_routed_experts: 64,
      moe_intermediate_size: 1_408,
      n_shared_experts: 2,
      first_k_dense_replace: 1,
    }, {
      expert_intermediate_size: 1_408,
      shared_expert_intermediate_size: 2_816,
      dense_layers: 1,
    }],
    ["more first layers without experts than layers", {
      n_routed_experts: 64,
      moe_intermediate_size: 1_408,
      first_k_dense_replace: 329_959_739,
    }, { dense_layers: 16 }],
    ["a decoder of GPT-2's names", {
      model_type: "gpt2",
      hidden_size: undefined,
      num_hidden_layers: undefined,
      num_attention_heads: undefined,
      num_key_value_heads: undefined,
      intermediate_size: undefined,
      tie_word_embeddings: undefined,
      n_embd: 768,
      n_layer: 12,
      n_head: 12,
      n_inner: null,
      vocab_size: 50_257,
    }, {
      hidden_size: 768,
      layers: 12,
      attention_heads: 12,
      kv_heads: 12,
      intermediate_size: 3_072,
      gated_mlp: false,
      tie_embeddings: true,
    }],
  ];

for (const [name, change, expected] of READ) {
  Deno.test(`architectureOfConfig() reads ${name}`, () => {
    const found = read(change);
    assertEquals({ ...found, ...expected }, found);
  });
}

Deno.test("resolveModel() says that an unknown type's count is approximate", () => {
  const { model, assumptions } = estimate({
    model: { config: { ...CONFIG, model_type: "unheard_of" } },
  });
  assertEquals(model.parameters_basis, "assumed");
  assertStringIncludes(assumptions.join("\n"), "approximate");
});

Deno.test("resolveModel() names a config by its own name, or its type", () => {
  const named = (_name_or_path: unknown): string =>
    estimate({ model: { config: { ...CONFIG, _name_or_path } } }).model.name;
  assertEquals(named("my/model"), "my/model");
  assertEquals(named(""), "llama");
  assertEquals(named(7), "llama");
  assertEquals(named("x".repeat(10_000)).length, 200);
});

Deno.test("resolveModel() refuses a config of more tensors than any model has", () => {
  // Each of Zamba2's untied blocks has adapters for every other.
  const result = tryEstimate({
    model: {
      config: {
        model_type: "zamba2",
        hidden_size: 64,
        num_attention_heads: 4,
        vocab_size: 100,
        num_hidden_layers: 5000,
        num_mem_blocks: 1,
        tie_word_embeddings: false,
        layers_block_type: Array.from({ length: 5000 }, () => "hybrid"),
      },
    },
  });
  assert(!result.ok);
  assertMatch(
    result.problems[0]?.message ?? "",
    /must have at most 10000 kinds of tensors: its config describes more/,
  );
});
