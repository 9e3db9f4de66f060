import { assert, assertEquals } from "@std/assert";
import { CATALOGUE } from "../../lib/mod.ts";
import { modelOfConfig } from "../../lib/models/build_model.ts";
import { checkpointOf } from "./formats/stored.ts";
import { findModel } from "../../lib/mod.ts";
import { compactConfig } from "../../lib/models/compact_config.ts";

const WORDS = {
  label2id: { LABEL_0: 0 },
  task_specific_params: { summarization: { max_length: 200 } },
  suppress_tokens: [1, 2, 3],
  begin_suppress_tokens: [220],
  bad_words_ids: [[1]],
  forced_decoder_ids: [[1, 50_259]],
  chat_template: "{% for message in messages %}",
};

Deno.test("compactConfig() leaves words out, in inner configs too", () => {
  const config = { model_type: "x", text_config: { hidden_size: 64 } };
  assertEquals(
    compactConfig({
      ...config,
      ...WORDS,
      text_config: { ...config.text_config, ...WORDS },
    }),
    config,
  );
});

Deno.test("compactConfig() changes no tensor of any model of the catalogue", () => {
  for (const { id, config } of CATALOGUE) {
    const known = { name: id, source: "config" as const };
    const before = modelOfConfig({ ...config, ...WORDS }, known);
    const after = modelOfConfig(compactConfig({ ...config, ...WORDS }), known);
    assert(before.ok && after.ok, id);
    assertEquals(after.value.tensors, before.value.tensors, id);
  }
});

Deno.test("compactConfig() keeps how many labels a classifier has", () => {
  const classifier = {
    model_type: "bert",
    architectures: ["BertForSequenceClassification"],
    hidden_size: 64,
    intermediate_size: 128,
    num_hidden_layers: 1,
    num_attention_heads: 4,
    vocab_size: 100,
    max_position_embeddings: 32,
    type_vocab_size: 2,
  };
  const id2label = Object.fromEntries(
    Array.from({ length: 700 }, (_, at) => [`${at}`, `LABEL_${at}`]),
  );
  const known = { name: "x", source: "config" as const };
  const parametersOf = (config: Record<string, unknown>): number => {
    const model = modelOfConfig(config, known);
    assert(model.ok);
    return model.value.parameters;
  };
  const cases = [
    [{ id2label }, 700],
    [{ id2label, num_labels: 3 }, 3],
    [{ num_labels: 3, id2label }, 3],
    [{ id2label, num_labels: null }, 700],
  ] as const;
  for (const [labels, count] of cases) {
    const labelled = { ...classifier, ...labels };
    assertEquals(compactConfig(labelled), { ...classifier, num_labels: count });
    assertEquals(
      parametersOf(compactConfig(labelled)),
      parametersOf(labelled),
    );
    assert(parametersOf(labelled) > parametersOf(classifier));
  }
});

Deno.test("compactConfig() writes lists of modules shortly, with the same checkpoint", () => {
  const layers = Array.from({ length: 32 }, (_, layer) => layer);
  const skipped = [
    "lm_head",
    ...layers.map((layer) => `model.layers.${layer}.input_layernorm`),
    ...layers.filter((layer) => layer !== 5).map((layer) =>
      `model.layers.${layer}.mlp.down_proj`
    ),
    "model.layers.0*",
    "re:.*up_proj",
  ];
  const config = {
    ...findModel("meta-llama/Llama-3.1-8B")?.config,
    quantization_config: {
      quant_method: "fp8",
      modules_to_not_convert: skipped,
    },
  };
  const compact = compactConfig(config);
  assertEquals(compact["quantization_config"], {
    quant_method: "fp8",
    modules_to_not_convert: [
      "lm_head",
      "model.layers.{0..4,6..31}.mlp.down_proj",
      "model.layers.0*",
      "re:.*up_proj",
    ],
  });
  assertEquals(
    checkpointOf({ model: { config: compact } }).bytes,
    checkpointOf({ model: { config } }).bytes,
  );
});

Deno.test("compactConfig() keeps each algorithm's modules together", () => {
  const quantized_layers = Object.fromEntries(
    [0, 1, 2, 3].flatMap((layer) => [
      [`model.layers.${layer}.self_attn.q_proj`, { quant_algo: "FP8" }],
      [`model.layers.${layer}.mlp.up_proj`, {
        quant_algo: "NVFP4",
        group_size: 16,
      }],
    ]),
  );
  const compact = compactConfig({
    quantization_config: {
      quant_algo: "MIXED_PRECISION",
      quantized_layers,
      config_groups: { group_0: { targets: Object.keys(quantized_layers) } },
    },
  });
  assertEquals(compact["quantization_config"], {
    quant_algo: "MIXED_PRECISION",
    quantized_layers: {
      "model.layers.{0..3}.self_attn.q_proj": { quant_algo: "FP8" },
      "model.layers.{0..3}.mlp.up_proj": {
        quant_algo: "NVFP4",
        group_size: 16,
      },
    },
  });
});
