import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { estimate } from "../../lib/mod.ts";
import { workOf } from "./work.ts";

const CONFIG = {
  model_type: "llama",
  hidden_size: 4096,
  intermediate_size: 14_336,
  num_hidden_layers: 2,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 128_256,
};
const EXPERTS = {
  ...CONFIG,
  model_type: "qwen3_moe",
  num_experts: 128,
  num_experts_per_tok: 8,
  moe_intermediate_size: 768,
};

function of(config: object, more: Partial<ScenarioInput> = {}): Estimate {
  return estimate({ model: { config: { ...config } }, ...more });
}

Deno.test("the most layers that a config may have are played, with work in step", () => {
  const work = (num_hidden_layers: number): number =>
    workOf(() => of({ ...CONFIG, num_hidden_layers }));
  const { method } = of({ ...CONFIG, num_hidden_layers: 10_000 });
  assertEquals(method, "timeline");
  const [few, many] = [work(1000), work(10_000)];
  assert(many < 11 * few, `${many} steps after ${few}`);
});

Deno.test("every layer of many costs the same memory", () => {
  const [a, b, c] = [1000, 2000, 3000].map((num_hidden_layers) =>
    of({ ...CONFIG, num_hidden_layers }).memory.allocated_steady_bytes ?? 0
  ) as [number, number, number];
  assert(a > 0);
  assertEquals(c - b, b - a);
});

const REFUSED: [
  what: string,
  config: object,
  more: Partial<ScenarioInput>,
  why: string,
][] = [
  [
    "endless experts",
    { ...EXPERTS, num_experts: 100_000 },
    {},
    "layers of 100,000 experts, more than 10,000, are not played through",
  ],
  [
    "experts one after the other in too many layers",
    { ...EXPERTS, num_hidden_layers: 10_000 },
    { software: { transformers: "4.48.1" } },
    "allocations and frees, more than 20,000,000, is not played through",
  ],
  [
    "experts that make too many tensors in a layer",
    { ...EXPERTS, num_experts: 10_000 },
    { software: { transformers: "4.48.1" } },
    "makes more than 200,000 tensors, the most that are played through",
  ],
  [
    "a matrix of more elements than any has",
    { ...CONFIG, hidden_size: 2 ** 20, intermediate_size: 2 ** 20 },
    { optimizer: { name: "shampoo" } },
    "1,099,511,627,776 elements, more than 274,877,906,944, is not played",
  ],
  [
    "a loss in too many pieces",
    CONFIG,
    {
      train: {
        sequence_length: 2 ** 28,
        micro_batch: 2 ** 20,
        loss: "chunked",
      },
    },
    "makes more than 20,000 pieces of the loss, the most that are played",
  ],
  [
    "LitGPT's loss in too many pieces",
    CONFIG,
    {
      train: { sequence_length: 2 ** 24, loss: "chunked" },
      software: { model_code: "litgpt" },
    },
    "makes more than 20,000 pieces of the loss, the most that are played",
  ],
];

for (const [what, config, more, why] of REFUSED) {
  Deno.test(`timeline leaves ${what} to factors, and says why`, () => {
    const { method, warnings } = of(config, { ...more, method: "timeline" });
    assertEquals(method, "factors");
    assertStringIncludes(warnings.join("\n"), why);
  });
}

Deno.test("timeline leaves fused projections of torchtune to factors, and says why", () => {
  const { method, warnings } = estimate({
    model: "openai-community/gpt2",
    method: "timeline",
    software: { model_code: "torchtune" },
  });
  assertEquals(method, "factors");
  assertStringIncludes(
    warnings.join("\n"),
    "torchtune has no models of type gpt2, which project queries",
  );
});
