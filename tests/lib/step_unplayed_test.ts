import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "../npm/fast-check.ts";
import {
  CATALOGUE,
  estimate,
  estimateScenario,
  parseScenario,
  tryEstimate,
} from "../../lib/mod.ts";
import type { Estimate } from "../../lib/mod.ts";
import { modelOfCheckpoint } from "../../lib/models/model_of_checkpoint.ts";
import { assertOk } from "./results.ts";

type Shapes = Record<string, readonly number[]>;

const LAYER: Shapes = {
  "model.layers.0.self_attn.q_proj.weight": [64, 64],
  "model.layers.0.self_attn.k_proj.weight": [64, 64],
  "model.layers.0.self_attn.v_proj.weight": [64, 64],
  "model.layers.0.self_attn.o_proj.weight": [64, 64],
  "model.layers.0.self_attn.q_norm.weight": [16],
  "model.layers.0.mlp.up_proj.weight": [128, 64],
  "model.layers.0.mlp.gate_proj.weight": [128, 64],
  "model.layers.0.mlp.down_proj.weight": [64, 128],
  "model.layers.0.input_layernorm.weight": [64],
};
const ALL: Shapes = {
  "model.embed_tokens.weight": [100, 64],
  "model.norm.weight": [64],
  "lm_head.weight": [100, 64],
  ...LAYER,
};

function without(name: RegExp): Shapes {
  return Object.fromEntries(
    Object.entries(ALL).filter(([key]) => !name.test(key)),
  );
}

/** Estimates full training of a checkpoint of which only headers are known. */
function ofHeaders(shapes: Shapes): Estimate {
  const model = modelOfCheckpoint({
    id: "some/model",
    config: null,
    headers: Object.entries(shapes).map(([name, shape]) => ({
      name,
      shape: [...shape],
      dtype: "BF16",
    })),
  });
  assert(model.ok);
  const scenario = parseScenario({ model: "some/model" });
  assert(scenario.ok);
  const result = estimateScenario(scenario.value, model.value);
  assert(result.ok);
  return result.value;
}

Deno.test("a checkpoint whose headers tell all is played through", () => {
  assertEquals(ofHeaders(ALL).method, "timeline");
  // Tied, where no head is saved.
  assertEquals(ofHeaders(without(/lm_head/)).method, "timeline");
});

const MISSING: [what: string, shapes: Shapes, why: string][] = [
  [
    "no embedding",
    without(/embed_tokens/),
    "some/model has no tensor of token embeddings",
  ],
  [
    "nothing to tell the heads by",
    without(/q_norm/),
    "some/model does not tell its attention heads, which its config.json would",
  ],
];

for (const [what, shapes, why] of MISSING) {
  Deno.test(`a checkpoint with ${what} is answered by factors, which is said`, () => {
    const { method, warnings } = ofHeaders(shapes);
    assertEquals(method, "factors");
    assertStringIncludes(warnings[0] ?? "", why);
  });
}

const CONFIGS: [type: string, config: Record<string, unknown>, why: string][] =
  [
    [
      "deberta-v2",
      {
        num_hidden_layers: 2,
        num_attention_heads: 4,
        intermediate_size: 128,
        relative_attention: true,
        conv_kernel_size: 3,
      },
      "has encoder.conv.conv.weight, which is not played through yet",
    ],
    [
      "xlstm",
      { num_hidden_layers: 2, num_heads: 4, hidden_size: 128 },
      "are not played through yet",
    ],
    [
      "zamba2",
      {
        num_hidden_layers: 4,
        layers_block_type: ["mamba", "hybrid", "mamba", "hybrid"],
        num_attention_heads: 4,
        intermediate_size: 128,
        n_mamba_heads: 2,
      },
      "models of type zamba2, whose layers share attention blocks, are not played through yet",
    ],
    [
      "bert",
      {
        num_hidden_layers: 2,
        num_attention_heads: 4,
        intermediate_size: 128,
        is_decoder: true,
        add_cross_attention: true,
      },
      "built as decoders with attention to an encoder are not played through yet",
    ],
  ];

for (const [type, own, why] of CONFIGS) {
  Deno.test(`a ${type} that is not played through is answered by factors, which is said`, () => {
    const result = tryEstimate({
      model: {
        config: {
          model_type: type,
          vocab_size: 1000,
          hidden_size: 64,
          max_position_embeddings: 64,
          ...own,
        },
      },
      train: { sequence_length: 64 },
    });
    assertOk(result);
    assertEquals(result.value.method, "factors");
    assertStringIncludes(result.value.warnings.join("\n"), why);
  });
}

Deno.test("checkpoints of any of a model's tensors are answered in whole bytes", () => {
  const names = Object.keys(ALL);
  fc.assert(
    fc.property(fc.subarray(names, { minLength: 1 }), (chosen) => {
      const { memory } = ofHeaders(
        Object.fromEntries(chosen.map((name) => [name, ALL[name] ?? []])),
      );
      assert(Number.isSafeInteger(memory.device_peak_bytes));
      for (const { bytes } of memory.parts) assert(Number.isSafeInteger(bytes));
    }),
    { numRuns: 300 },
  );
});

Deno.test("experts without gates are played", () => {
  const ungated = CATALOGUE.filter(({ config }) =>
    config["model_type"] === "nemotron_h" && "n_routed_experts" in config
  );
  assert(ungated.length > 0);
  for (const { id } of ungated) {
    assertEquals(estimate({ model: id }).method, "timeline", id);
  }
});
