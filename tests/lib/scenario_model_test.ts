import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseScenario } from "../../lib/mod.ts";
import { assertOk } from "./results.ts";

const DIMS = {
  layers: 32,
  hidden_size: 4_096,
  attention_heads: 32,
  vocab_size: 32_000,
};
const CONFIG = { model_type: "llama", hidden_size: 4_096 };

const TAKEN: [name: string, model: unknown, expected: unknown][] = [
  ["a Hub id", "meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B"],
  ["a short name with space around it", " llama2-7b ", "llama2-7b"],
  ["a path", "./models/my model/config.json", "./models/my model/config.json"],
  ["a name of many scripts", "组织/模型-7B", "组织/模型-7B"],
  ["a config", { config: CONFIG }, { config: CONFIG }],
  ["JSON text of a config object", JSON.stringify({ config: CONFIG }), {
    config: CONFIG,
  }],
  ["the pasted text of a config.json", JSON.stringify(CONFIG, null, 2), {
    config: CONFIG,
  }],
  ["dims", { dims: DIMS }, {
    dims: { ...DIMS, tie_embeddings: false, gated_mlp: true },
  }],
  ["JSON text of dims", JSON.stringify({ dims: DIMS }), {
    dims: { ...DIMS, tie_embeddings: false, gated_mlp: true },
  }],
  ["dims as a person types them", {
    dims: {
      parameters: "7B",
      layers: "32",
      hidden_size: "4,096",
      attention_heads: "32",
      vocab_size: "32k",
      tie_embeddings: "on",
      gated_mlp: "off",
      max_position_embeddings: "4k",
    },
  }, {
    dims: {
      parameters: 7_000_000_000,
      ...DIMS,
      tie_embeddings: true,
      gated_mlp: false,
      max_position_embeddings: 4_096,
    },
  }],
  ["every dimension of the contract", {
    dims: {
      parameters: 46_702_792_704,
      ...DIMS,
      kv_heads: 8,
      head_dim: 128,
      intermediate_size: 14_336,
      tie_embeddings: false,
      gated_mlp: true,
      experts: 8,
      experts_per_token: 2,
      expert_intermediate_size: 14_336,
      shared_expert_intermediate_size: 1_024,
      max_position_embeddings: 32_768,
    },
  }, {
    dims: {
      parameters: 46_702_792_704,
      ...DIMS,
      kv_heads: 8,
      head_dim: 128,
      intermediate_size: 14_336,
      tie_embeddings: false,
      gated_mlp: true,
      experts: 8,
      experts_per_token: 2,
      expert_intermediate_size: 14_336,
      shared_expert_intermediate_size: 1_024,
      max_position_embeddings: 32_768,
    },
  }],
];

for (const [name, model, expected] of TAKEN) {
  Deno.test(`parseScenario() takes ${name} for a model`, () => {
    const result = parseScenario({ model });
    assertOk(result);
    assertEquals<unknown>(result.value.model, expected);
  });
}

const REFUSED: [
  name: string,
  input: unknown,
  path: string,
  message: string,
][] = [
  ["no model", {}, "model", "model is missing"],
  ["null", { model: null }, "model", "current value is null"],
  ["a number", { model: 7 }, "model", "must be a name: current value is 7"],
  ["an empty name", { model: "" }, "model", "must not be empty"],
  ["a list", { model: ["llama2-7b"] }, "model", "current value is"],
  ["an endless name", { model: "x".repeat(513) }, "model", "at most 512"],
  ["control characters", { model: "a\nb" }, "model", "control characters"],
  ["broken JSON", { model: '{"dims":' }, "model", "must not hold braces"],
  ["an empty object", { model: {} }, "model.config", "is missing"],
  ["a config of text", { model: { config: "x" } }, "model.config", "an object"],
  ["a config of null", { model: { config: null } }, "model.config", "object"],
  ["a list of configs", { model: { config: [] } }, "model.config", "object"],
  [
    "both a name and dims",
    { model: { name: "llama2-7b", dims: DIMS } },
    "model",
    "either a name or a description (dims, config), not both",
  ],
  [
    "both a name and a config",
    { model: { name: "llama2-7b", config: CONFIG } },
    "model",
    "not both",
  ],
  [
    "both a config and dims",
    { model: { config: CONFIG, dims: DIMS } },
    "model.config",
    "model.config",
  ],
  [
    "dims without layers",
    { model: { dims: { ...DIMS, layers: undefined } } },
    "model.dims.layers",
    "model.dims.layers is missing",
  ],
  [
    "no layers",
    { model: { dims: { ...DIMS, layers: 0 } } },
    "model.dims.layers",
    "must be at least 1: current value is 0",
  ],
  [
    "too many layers",
    { model: { dims: { ...DIMS, layers: 10_001 } } },
    "model.dims.layers",
    "must be at most 10000: current value is 10001",
  ],
  [
    "half a head",
    { model: { dims: { ...DIMS, attention_heads: 0.5 } } },
    "model.dims.attention_heads",
    "current value is 0.5",
  ],
  [
    "a vocabulary of words",
    { model: { dims: { ...DIMS, vocab_size: "large" } } },
    "model.dims.vocab_size",
    'must be a number: current value is "large"',
  ],
  [
    "null dimensions",
    { model: { dims: null } },
    "model.dims",
    "must be an object: current value is null",
  ],
];

for (const [name, input, path, message] of REFUSED) {
  Deno.test(`parseScenario() refuses ${name} for a model`, () => {
    const result = parseScenario(input);
    assert(!result.ok);
    assertEquals(result.problems[0]?.path, path);
    assertStringIncludes(result.problems[0]?.message ?? "", message);
  });
}

Deno.test("parseScenario() names every dimension that is missing", () => {
  const result = parseScenario({ model: { dims: {} } });
  assert(!result.ok);
  assertEquals(
    result.problems.map(({ path }) => path),
    Object.keys(DIMS).map((key) => `model.dims.${key}`),
  );
});
