/// <reference lib="dom" />
import { assertEquals, assertMatch } from "@std/assert";
import { estimate, groupDigits } from "../../lib/mod.ts";
import { CONFIG, DIMS } from "./fields.ts";
import { address, only, textOf, visit } from "./visit.ts";

const MODELS: [name: string, rows: Record<string, string>][] = [
  ["meta-llama/Llama-3.1-8B", {
    "Model": "meta-llama/Llama-3.1-8B (llama), from the catalogue",
    "Kind": "dense transformer",
    "Parameters": "8,030,261,248 (8.03B), every tensor counted",
    "Active per token": "all of them",
    "Trainable": "8,030,261,248 (8.03B), 100 %",
    "Dimensions": "32 layers, hidden 4,096, MLP 14,336, vocabulary 128,256",
    "Attention": "32 heads of 128, 8 for keys and values",
    "Context": "131,072 tokens",
    "Head": "of its own",
  }],
  ["deepseek-ai/DeepSeek-V3", {
    "Kind": "mixture-of-experts transformer",
    "Active per token": "37,552,282,624 (37.6B)",
    "Attention": "128 heads, keys and values from a latent of 512",
    "Experts":
      "256 of MLP 2,048, of which a token uses 8, beside a shared MLP of 2,048; 3 layers without experts",
  }],
  ["google/gemma-3-12b-it", {
    "Kind": "dense transformer with vision",
    "Vision tower": "27 layers, hidden 1,152, patches of 14 × 14 pixels",
    "Head": "tied to the embedding",
  }],
  ["google-t5/t5-small", {
    "Kind": "dense encoder-decoder",
    "Dimensions":
      "12 layers of encoder and decoder, hidden 512, MLP 2,048, vocabulary 32,128",
  }],
  ["openai/whisper-large-v3", { "Kind": "dense encoder-decoder with audio" }],
  ["state-spaces/mamba-2.8b-hf", {
    "Kind": "dense state-space model",
    "Attention": "no attention",
  }],
  ["ai21labs/Jamba-v0.1", {
    "Kind": "mixture-of-experts hybrid of attention and state space",
  }],
];

for (const [model, expected] of MODELS) {
  Deno.test(`GET / tells how it understood ${model}`, async () => {
    const { status, document } = await visit(address("/", { model }));
    assertEquals(status, 200);
    const rows = rowsOf(document);
    for (const [name, text] of Object.entries(expected)) {
      assertEquals(rows.get(name), text, name);
    }
    const { parameters, roles } = estimate({ model }).model;
    assertEquals(
      [...only(document, ".roles tfoot tr").children].map(textOf),
      [
        "All",
        groupDigits(roles.reduce((sum, { tensors }) => sum + tensors, 0)),
        groupDigits(parameters),
        "100 %",
      ],
    );
    assertEquals(
      document.querySelectorAll(".roles tbody tr").length,
      roles.length,
    );
  });
}

Deno.test("GET / says how the parameters of a described model are known", async () => {
  const config = (changes: Record<string, unknown>): string =>
    address("/", { "model.config": JSON.stringify({ ...CONFIG, ...changes }) });
  for (
    const [path, basis] of [
      [config({}), /every tensor counted$/],
      [config({ model_type: "new" }), /approximate$/],
      [address("/", DIMS), /counted from the dimensions$/],
    ] as const
  ) {
    const { document } = await visit(path);
    assertMatch(rowsOf(document).get("Parameters") ?? "", basis);
  }
});

const STRANGE: [what: string, text: string, reason: RegExp][] = [
  [
    "half of it",
    '{"hidden_size": 64,',
    /must be a JSON object: .* position 19/,
  ],
  ["Python", "{'hidden_size': 64}", /must be a JSON object: .* position 1 /],
  ["words", "hello", /must be a JSON object: .*"hello" is not valid JSON/],
  ["a list", "[1]", /must be an object: current value is \[1\]/],
  [
    "an adapter's file",
    '{"peft_type": "LORA", "base_model_name_or_path": "a/b"}',
    /adapter_config\.json: give the config\.json of its base model, a\/b/,
  ],
  ["a tokenizer's", '{"tokenizer_class": "X"}', /is of a tokenizer/],
  ["a processor's", '{"image_processor_type": "X"}', /is of a processor/],
  ["an index", '{"weight_map": {}}', /is a checkpoint's index/],
  ["a diffusers part", '{"_diffusers_version": "1"}', /diffusers/],
  ["a generation's", '{"temperature": 1}', /generation_config\.json/],
  ["a description", '{"config": {}}', /describes a model in "config"/],
  ["a scenario", '{"model": "gpt2"}', /is a scenario/],
];

for (const [what, text, reason] of STRANGE) {
  Deno.test(`GET / tells what is pasted for a config.json: ${what}`, async () => {
    for (const path of ["/", "/answer"]) {
      const { status, document } = await visit(
        address(path, { "model.config": text }),
      );
      assertEquals(status, 422);
      assertMatch(
        textOf(only(document, "#answer [data-problem], body > section li")),
        reason,
      );
    }
  });
}

Deno.test("GET / doubts a config that would not run", async () => {
  for (
    const [changes, doubt] of [
      [
        { num_key_value_heads: 3 },
        /must divide its attention heads \(4\): current value is 3/,
      ],
      [
        {
          model_type: "mixtral",
          num_local_experts: 4,
          num_experts_per_tok: 8,
        },
        /must be at most its experts \(4\): current value is 8/,
      ],
    ] as const
  ) {
    const { status, document } = await visit(
      address("/", {
        "model.config": JSON.stringify({ ...CONFIG, ...changes }),
      }),
    );
    assertEquals(status, 200);
    assertMatch(textOf(only(document, "#answer")), doubt);
  }
});

function rowsOf(document: Document): Map<string, string> {
  return new Map(
    [...document.querySelectorAll(".understood > div")].map((row) => [
      textOf(row.querySelector("dt")),
      textOf(row.querySelector("dd")),
    ]),
  );
}
