import { assertEquals, assertMatch } from "@std/assert";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import type { Model } from "../../lib/models/model.ts";
import { assertOk } from "./results.ts";

const LLAMA = {
  model_type: "llama",
  hidden_size: 4096,
  intermediate_size: 14_336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 128_256,
  tie_word_embeddings: false,
};

function built(config: Record<string, unknown>): Model {
  const model = resolveModel({ config });
  assertOk(model);
  return model.value;
}

Deno.test("A reward model of Llama 3.1 8B has a score and no vocabulary", () => {
  const architectures = ["LlamaForSequenceClassification"];
  const { parameters, parameters_basis } = built({
    ...LLAMA,
    architectures,
    num_labels: 1,
  });
  assertEquals(parameters, 7_504_924_672 + 4096);
  assertEquals(parameters_basis, "exact");
  assertEquals(built(LLAMA).parameters, 8_030_261_248);
});

Deno.test("As many labels count as num_labels says, else as have a name", () => {
  const architectures = ["LlamaForTokenClassification"];
  const labels = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`${at}`, `L${at}`]),
    );
  const bare = built({ ...LLAMA, architectures: ["LlamaModel"] }).parameters;
  const classes = (more: Record<string, unknown>) =>
    (built({ ...LLAMA, architectures, ...more }).parameters - bare) / 4097;
  assertEquals(classes({}), 2);
  assertEquals(classes({ num_labels: 7 }), 7);
  assertEquals(classes({ id2label: labels(9), num_labels: 7 }), 7);
  assertEquals(classes({ id2label: { "1": "a", "5": "b", "9": "c" } }), 3);
  assertEquals(classes({ id2label: {}, num_labels: 4 }), 4);
  assertEquals(classes({ id2label: labels(9) }), 9);
});

Deno.test("Kinds of layers that transformers does not know are doubted, never exact", () => {
  const of = (kinds: string[]) =>
    built({
      ...LLAMA,
      model_type: "qwen3",
      num_hidden_layers: 2,
      layer_types: kinds,
    });
  assertEquals(of(["full_attention", "attention"]).parameters_basis, "exact");
  const { parameters_basis, doubts } = of(["full_attention", "foo"]);
  assertEquals(parameters_basis, "assumed");
  assertEquals(doubts, [
    'model.config.layer_types names "foo", which is no kind of layer that transformers 5.24.0 knows',
  ]);
});

Deno.test("A class that the model type does not have is counted as the like one, and doubted", () => {
  const cases: [string, string, RegExp][] = [
    [
      "MistralForCausalLM",
      "LlamaForCausalLM",
      /"MistralForCausalLM", a class of model type mistral and not of llama; it is counted as LlamaForCausalLM$/,
    ],
    [
      "Qwen2ForSequenceClassification",
      "LlamaForSequenceClassification",
      /a class of model type qwen2 and not of llama; it is counted as LlamaForSequenceClassification$/,
    ],
    [
      "LlamaBidirectionalModel",
      "LlamaModel",
      /no class of transformers 5\.24\.0 for model type llama; it is counted as LlamaModel$/,
    ],
    [
      "LlamaForScoringOfMyOwn",
      "LlamaForCausalLM",
      /no class of transformers 5\.24\.0 for model type llama; it is counted as LlamaForCausalLM$/,
    ],
  ];
  for (const [named, like, doubt] of cases) {
    const model = built({ ...LLAMA, architectures: [named] });
    const same = built({ ...LLAMA, architectures: [like] });
    assertEquals(model.tensors, same.tensors, named);
    assertEquals(model.parameters_basis, "assumed");
    const [note = "", ...more] = model.doubts ?? [];
    assertMatch(note, doubt);
    assertEquals(more, []);
    assertEquals(same.doubts, []);
  }
});

Deno.test("A class is known in whatever case it is written", () => {
  const model = built({ ...LLAMA, architectures: ["LLaMAForCausalLM"] });
  assertEquals(model.parameters, 8_030_261_248);
  assertEquals([model.parameters_basis, model.doubts], ["exact", []]);
});

Deno.test("Reward models whose code comes with them have their heads", () => {
  const small = {
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: 320,
  };
  const head = (model_type: string, named: string) =>
    built({ ...small, model_type, architectures: [named] }).tensors.filter((
      { role },
    ) => role === "head").map(({ name, shape }) => [name, shape]);
  assertEquals(head("qwen2", "Qwen2ForRewardModel"), [
    ["score.0.weight", [64, 64]],
    ["score.0.bias", [64]],
    ["score.2.weight", [1, 64]],
    ["score.2.bias", [1]],
  ]);
  assertEquals(head("internlm2", "InternLM2ForRewardModel"), [
    ["v_head.weight", [1, 64]],
  ]);
});

Deno.test("The language model alone is counted where its class is named", () => {
  const text = {
    model_type: "gemma3_text",
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 16,
    vocab_size: 320,
  };
  const whole = {
    model_type: "gemma3",
    text_config: text,
    vision_config: { hidden_size: 48, num_hidden_layers: 2 },
  };
  const alone = built({ ...whole, architectures: ["Gemma3ForCausalLM"] });
  assertEquals(alone.tensors, built(text).tensors);
  assertEquals(alone.notes, [
    "model.config.architectures names Gemma3ForCausalLM, which is built of model.config.text_config alone: images and sounds have no part",
  ]);
});
