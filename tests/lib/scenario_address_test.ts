import { assert, assertEquals } from "@std/assert";
import { fromQuery, parseScenario, toQuery } from "../../lib/mod.ts";
import type { Scenario } from "../../lib/mod.ts";
import { assertOk } from "./results.ts";

const NAME = "meta-llama/Llama-3.1-8B";

function parsed(input: unknown): Scenario {
  const result = parseScenario(input);
  assertOk(result);
  return result.value;
}

function read(query: string): Scenario {
  return parsed(fromQuery(new URLSearchParams(query)));
}

const WRITTEN: [name: string, input: Record<string, unknown>, query: string][] =
  [
    ["the model alone", {}, `model=${NAME}`],
    ["a changed field", { train: { micro_batch: 4 } }, "train.micro_batch=4"],
    [
      "fields in the schema's order",
      { engine: { zero_stage: 2 }, train: { method: "lora" }, task: "train" },
      "train.method=lora&engine.zero_stage=2",
    ],
    [
      "a list",
      { train: { lora: { targets: ["q_proj", "v_proj"] } } },
      "train.lora.targets=q_proj,v_proj",
    ],
    [
      "a list of one",
      { train: { lora: { targets: ["q_proj"] } } },
      "train.lora.targets=q_proj,",
    ],
    [
      "a list of one that reads like a word",
      { train: { lora: { targets: ["default"] } } },
      "train.lora.targets=default,",
    ],
    [
      "a size",
      { train: { image_size: [336, 224] } },
      "train.image_size=336,224",
    ],
    [
      "a custom GPU",
      { hardware: { gpu: { memory_gib: 79.3 } } },
      "hardware.gpu.memory_gib=79.3",
    ],
    [
      "a GPU with a space",
      { hardware: { gpu: "RTX 4090" } },
      "hardware.gpu=RTX+4090",
    ],
    [
      "a switch that is on by default",
      { engine: { distributed_optimizer: false } },
      "engine.distributed_optimizer=false",
    ],
    [
      "a GGUF type",
      { quantization: { weights: "gguf:Q4_K_M" } },
      "quantization.weights=gguf:Q4_K_M",
    ],
  ];

for (const [name, input, query] of WRITTEN) {
  Deno.test(`toQuery() writes ${name}`, () => {
    const scenario = parsed({ model: NAME, ...input });
    const full = query.startsWith("model=") ? query : `model=${NAME}&${query}`;
    assertEquals(toQuery(scenario), full);
    assertEquals(read(full), scenario);
  });
}

Deno.test("toQuery() writes no field whose default was given", () => {
  const scenario = parsed({ model: NAME });
  assertEquals(toQuery(parsed(scenario)), `model=${NAME}`);
});

Deno.test("toQuery() writes dims field by field", () => {
  const dims = {
    layers: 2,
    hidden_size: 8,
    attention_heads: 2,
    vocab_size: 16,
  };
  assertEquals(
    toQuery(parsed({ model: { dims } })),
    "model.dims.layers=2&model.dims.hidden_size=8&" +
      "model.dims.attention_heads=2&model.dims.vocab_size=16&" +
      "model.dims.tie_embeddings=false&model.dims.gated_mlp=true",
  );
});

Deno.test("toQuery() writes every model name that parseScenario() takes", () => {
  for (const model of ["\ud800", "a\udfff/b", "a,b", "#", "model=x", "%41"]) {
    const result = parseScenario({ model });
    if (!result.ok) continue;
    const query = toQuery(result.value);
    assertEquals(read(query), result.value, query);
  }
});

Deno.test("fromQuery() reads what a person types", () => {
  const { train, parallel } = read(
    "model=llama2-7b&train.sequence_length=4k&train.padding_mask=on" +
      "&parallel.gpus=1,024&train.lora.targets=q_proj+v_proj",
  );
  assertEquals(train.sequence_length, 4_096);
  assertEquals(train.padding_mask, true);
  assertEquals(parallel.gpus, 1_024);
  assertEquals(train.lora.targets, ["q_proj", "v_proj"]);
});

Deno.test("fromQuery() ignores what hosts and trackers add", () => {
  assertEquals(
    read(
      "utm_source=x&model=llama2-7b&__sign=abc&__theme=dark&fbclid=1" +
        "&gclid=2&utm_medium=y",
    ),
    parsed({ model: "llama2-7b" }),
  );
});

Deno.test("fromQuery() keeps the last of a field given twice", () => {
  const { model, train } = read(
    "model=llama2-7b&train.padding_mask=false&train.padding_mask=on" +
      "&train.micro_batch=2&train.micro_batch=8&model=llama2-13b",
  );
  assertEquals(model, "llama2-13b");
  assertEquals(train.padding_mask, true);
  assertEquals(train.micro_batch, 8);
});

Deno.test("fromQuery() takes a blank field for its default", () => {
  assertEquals(
    read(
      "model=llama2-7b&train.micro_batch=&train.lora.trainable_parameters=+" +
        "&precision.autocast=&hardware.gpu=&model.dims.layers=",
    ),
    parsed({ model: "llama2-7b" }),
  );
});

Deno.test("fromQuery() leaves an unknown field for the schema to name", () => {
  const result = parseScenario(
    fromQuery(new URLSearchParams("model=llama2-7b&train.micro_bath=4")),
  );
  assert(!result.ok);
  assertEquals(result.problems[0]?.path, "train.micro_bath");
});

Deno.test("fromQuery() leaves a name beside dims for the schema to refuse", () => {
  for (
    const query of [
      "model=llama2-7b&model.dims.layers=2",
      "model.dims.layers=2&model=llama2-7b",
      'model=llama2-7b&model.config={"hidden_size":8}',
    ]
  ) {
    const result = parseScenario(fromQuery(new URLSearchParams(query)));
    assert(!result.ok, query);
    assertEquals(result.problems[0]?.path, "model");
  }
});

Deno.test("fromQuery() reads a config of JSON and names one that is not", () => {
  assertEquals(read('model.config={"hidden_size":8}').model, {
    config: { hidden_size: 8 },
  });
  const result = parseScenario(
    fromQuery(new URLSearchParams('model.config={"hidden')),
  );
  assert(!result.ok);
  assertEquals(result.problems[0]?.path, "model.config");
});

Deno.test("fromQuery() pollutes no prototype", () => {
  const attempts = [
    "__proto__.polluted=1",
    "__proto__=1",
    "constructor.prototype.x=1",
    "train.__proto__.polluted=1",
    "train.constructor.prototype.x=1",
    "model.__proto__.polluted=1",
    "model.config={}&model.config.__proto__.polluted=1",
    'model.config={"__proto__":{"polluted":1}}',
    "model.dims.__proto__.polluted=1",
    "toString.call=1",
  ];
  const clean: Record<string, unknown> = {};
  for (const query of attempts) {
    parseScenario(fromQuery(new URLSearchParams(query)));
    assertEquals(clean["polluted"], undefined, query);
    assertEquals(clean["x"], undefined, query);
    assertEquals(Object.keys(Object.prototype), [], query);
  }
});

Deno.test("fromQuery() never throws and leaves odd keys for the schema", () => {
  const odd = [
    "=x",
    ".=x",
    "..=x",
    "train.=x",
    "train=x&train.micro_batch=2",
    "train.micro_batch=2&train=x",
    "train.micro_batch.x.y=1&train.micro_batch=2",
    "constructor.prototype.x=1",
    "model.name=x",
  ];
  for (const query of odd) {
    const input = fromQuery(new URLSearchParams(`model=llama2-7b&${query}`));
    const result = parseScenario(input);
    if (query.endsWith("train.micro_batch=2")) continue;
    assert(!result.ok, query);
  }
});
