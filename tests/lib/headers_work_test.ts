import { assert, assertEquals, assertMatch } from "@std/assert";
import type { HeaderTensor } from "../../lib/models/headers/mod.ts";
import { modelOfGguf } from "../../lib/models/headers/mod.ts";
import { modelOfCheckpoint } from "../../lib/models/model_of_checkpoint.ts";
import { growth } from "./count_work.ts";

const CONFIG = {
  model_type: "llama",
  hidden_size: 64,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  vocab_size: 100,
};

type Make = (at: number) => HeaderTensor;

function tensor(name: string, shape = [2, 2], dtype = "F32"): HeaderTensor {
  return { name, shape, dtype };
}

/** Checkpoints that a hostile file may claim to be. */
const CHECKPOINTS: [name: string, make: Make][] = [
  ["one stack", (at) => tensor(`model.layers.${at}.w`)],
  ["layers far apart", (at) => tensor(`h.${37 * at}.mlp.weight`)],
  [
    "experts",
    (at) =>
      tensor(
        `layers.${at % 7}.mlp.experts.${Math.floor(at / 7)}.up_proj.weight`,
      ),
  ],
  ["as many experts as layers", (at) => {
    const layer = Math.floor((Math.sqrt(8 * at + 1) - 1) / 2);
    const expert = at - layer * (layer + 1) / 2;
    return tensor(`layers.${layer}.mlp.experts.${expert}.down_proj.weight`);
  }],
  ["lists in lists", (at) => tensor(`${at}.${at}.${at}.${at}.w`)],
  [
    "heads and embeddings",
    (at) =>
      tensor(`m${at}.${at % 2 ? "lm_head" : "embed_tokens"}.weight`, [
        3,
        2 + at,
      ]),
  ],
  ["a shape each", (at) => tensor(`layers.${at}.w.weight`, [2 + at, 2])],
  ["a name each", (at) => tensor(`m${at}.q_proj.weight`)],
  ["a type each", (at) => tensor(`layers.${at}.w`, [2, 2], `X${at}`)],
  [
    "weights and their scales",
    (at) =>
      tensor(`m${Math.floor(at / 2)}.q_proj.${at % 2 ? "qweight" : "scales"}`),
  ],
  [
    "states of quantisers",
    (at) => tensor(`m${at}.weight.quant_state.x.quant_state.y`, [2], "U8"),
  ],
];

function build(make: Make, count: number): string {
  const headers = Array.from({ length: count }, (_, at) => make(at));
  const model = modelOfCheckpoint(
    { id: "a/b", config: CONFIG, headers },
    "headers",
  );
  const gguf = modelOfGguf("x", {
    metadata: { "general.architecture": "llama" },
    tensors: headers.map(({ name, shape }) => ({ name, shape, type: 0 })),
  });
  return JSON.stringify([model, gguf].map((each) => each.ok));
}

for (const [name, make] of CHECKPOINTS) {
  Deno.test(`twice as many tensors are twice the work: ${name}`, () => {
    const times = growth((count) => build(make, count), 2000);
    assert(times < 2.5, `${times} times the work`);
  });
}

for (const [name, make] of CHECKPOINTS.slice(0, 2)) {
  Deno.test(`200,000 tensors are a model: ${name}`, () => {
    assertEquals(build(make, 200_000), "[true,true]");
  });
}

Deno.test("a checkpoint of more kinds of tensors than any model is refused", () => {
  for (
    const make of [
      (at: number) => tensor(`m${at}.weight`),
      (at: number) => tensor(`layers.${at}.w`, [1 + at, 2]),
    ]
  ) {
    const headers = Array.from({ length: 10_001 }, (_, at) => make(at));
    const model = modelOfCheckpoint({ id: "a/b", config: null, headers });
    assert(!model.ok);
    assertMatch(
      model.problems[0]?.message ?? "",
      /^model a\/b's checkpoint must have at most 10000 kinds of tensors/,
    );
    const tensors = headers.map(({ name, shape }) => ({
      name,
      shape,
      type: 0,
    }));
    const gguf = modelOfGguf("x", { metadata: {}, tensors });
    assert(!gguf.ok);
    assertMatch(gguf.problems[0]?.message ?? "", /at most 10000 kinds/);
  }
});

Deno.test("of many unknown types a note names a few", () => {
  const headers = Array.from(
    { length: 500 },
    (_, at) => tensor(`layers.${at}.w`, [2, 2], `X${at}`),
  );
  const model = modelOfCheckpoint({ id: "a/b", config: null, headers });
  assert(model.ok);
  assertEquals(
    model.value.notes.filter((note) => note.includes("unknown type")),
    [
      'The checkpoint has tensors of an unknown type, "X0", "X1", "X2" and 497 more: their bytes are not counted',
    ],
  );
});
