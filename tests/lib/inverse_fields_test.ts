import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import {
  estimateScenario,
  howFar,
  largest,
  parseScenario,
} from "../../lib/mod.ts";
import { searchBriskly } from "../../lib/ask/largest/brisk.ts";
import { searchFewest } from "../../lib/ask/largest/fewest.ts";
import type { Found } from "../../lib/ask/largest/search.ts";
import { FIELDS } from "../../lib/scenario/field_list.ts";
import { largestWords } from "../../templates/largest_words.ts";
import { changed, whole } from "./advice.ts";
import { scenarioOf } from "./inverse.ts";
import { assertOk } from "./results.ts";

function found(input: ScenarioInput, field: string) {
  const result = largest(scenarioOf(input), field, { thorough: false });
  assertOk(result);
  return result.value;
}

const CASES: [input: ScenarioInput, fields: string[]][] = [
  [{
    model: "Qwen/Qwen3-32B",
    train: {
      method: "qlora",
      checkpointing: "full",
      loss: "fused",
      sequence_length: 512,
    },
    quantization: { kbit_upcast: false },
    hardware: { gpu: "RTX 4090" },
  }, [
    "train.micro_batch",
    "train.sequence_length",
    "train.lora.rank",
  ]],
  [{
    model: "Qwen/Qwen2.5-VL-7B-Instruct",
    train: { method: "lora", images_per_sample: 1 },
    hardware: { gpu: "L40S" },
  }, ["train.images_per_sample", "train.lora.rank"]],
  [{
    model: "meta-llama/Llama-3.1-8B",
    parallel: { gpus: 8 },
    engine: { name: "deepspeed", zero_stage: 2 },
  }, ["engine.reduce_bucket_size"]],
  [{
    model: "Qwen/Qwen3-30B-A3B",
    task: "serve",
    quantization: { weights: "fp8" },
    serve: {
      engine: "vllm",
      batch: 2,
      input_tokens: 8000,
      output_tokens: 768,
    },
    hardware: { gpu: "L40S" },
  }, ["serve.batch", "serve.input_tokens", "serve.output_tokens"]],
  [{
    model: "meta-llama/Llama-3.1-8B",
    task: "serve",
    serve: { engine: "vllm", input_tokens: 2000 },
    hardware: { gpu: "RTX 4090" },
  }, ["serve.max_model_len"]],
  [{
    model: "meta-llama/Llama-3.1-8B",
    task: "serve",
    serve: { batch: 2, input_tokens: 2000 },
    hardware: { gpu: "RTX 4090" },
  }, ["serve.batch", "serve.input_tokens"]],
];

for (const [input, fields] of CASES) {
  for (const field of fields) {
    Deno.test(`the largest fits, the next does not: ${field} of ${input.model}`, () => {
      const { value, peak_bytes, next, set, device_peak_bytes } = found(
        input,
        field,
      );
      assert(value !== null && next !== null);
      assertEquals(set, { [field]: value });
      assertEquals(peak_bytes, device_peak_bytes);
      assertEquals(whole(changed(input, set)).fits, true);
      const beyond = changed(input, { [field]: next.value });
      // Images may be more than the sequence holds, which is refused.
      const isPossible = estimateScenario(beyond).ok;
      assert(!isPossible || !whole(beyond).fits);
      assert(next.value - value <= Math.max(1, value / 512));
    });
  }
}

Deno.test("the longest sequence with images begins where it holds them", () => {
  const input: ScenarioInput = {
    model: "Qwen/Qwen2.5-VL-7B-Instruct",
    train: { method: "lora", images_per_sample: 4, image_size: [1024, 1024] },
    hardware: { gpu: "H100-80GB" },
  };
  const { value, set } = found(input, "train.sequence_length");
  // 1,024 pixels are 37 patches of 28 at each side, and two tokens beside them.
  assert(value !== null && value >= 4 * (37 * 37 + 2));
  assertEquals(whole(changed(input, set)).fits, true);
});

Deno.test("the fewest GPUs are enough, and the count below is not", () => {
  const input: ScenarioInput = {
    model: "meta-llama/Llama-3.1-8B",
    train: { checkpointing: "full" },
    hardware: { gpu: "RTX 4090" },
  };
  const { value, next, set, at_bound } = found(input, "parallel.gpus");
  assert(value !== null && value > 1 && next !== null && next.value < value);
  assertEquals([set["parallel.gpus"], at_bound], [value, false]);
  assertEquals(whole(changed(input, set)).fits, true);
  const fewer = { ...set, "parallel.gpus": next.value };
  assertEquals(whole(changed(input, fewer)).fits, false);
  const words = largestWords(found(input, "parallel.gpus"));
  assertEquals(
    [words.name, words.value],
    ["Fewest GPUs", `${value} GPUs`],
  );
});

Deno.test("where no number of GPUs is enough, there is none", () => {
  const { value, set } = found({
    model: "Qwen/Qwen3-32B",
    train: { method: "qlora" },
    hardware: { gpu: "RTX 4090" },
  }, "parallel.gpus");
  assertEquals([value, set], [null, {}]);
});

function told(
  searching: Generator<number, Found, boolean>,
  fits: (value: number) => boolean,
): { found: Found; asked: number } {
  let asked = 0;
  let next = searching.next();
  while (!next.done) {
    asked++;
    next = searching.next(fits(next.value));
  }
  return { found: next.value, asked };
}

Deno.test("a brisk search ends at the last that fits, in few steps", () => {
  for (const most of [0, 1, 2, 31, 32, 1000, 262_144]) {
    for (const limit of [0, 1, 2, 33, 4102, 262_143]) {
      const { found, asked } = told(
        searchBriskly(0, most),
        (value) => value <= limit,
      );
      assertEquals(found.value, Math.min(limit, most));
      assertEquals(found.next, limit < most ? limit + 1 : null);
      assert(asked <= 40, `${asked}`);
    }
  }
  const { found: none } = told(searchBriskly(1, 9), () => false);
  assertEquals([none.value, none.next], [null, 1]);
  // Beyond what is sure, it asks near that.
  const { asked } = told(
    searchBriskly(1, 1e9, { sure: 4000 }),
    (each) => each <= 4100,
  );
  assert(asked <= 10, `${asked}`);
  // It goes down from a guess that was too high, as well as up.
  for (const near of [3000, 4100, 5000, 9000]) {
    const { found, asked } = told(
      searchBriskly(1, 1e9, { near }),
      (each) => each <= 4100,
    );
    assertEquals([found.value, found.next], [4100, 4101]);
    assert(asked <= 20, `${asked}`);
  }
  const { found: rough } = told(
    searchBriskly(1, 1e9, { near: 5000, gap: 1 / 64 }),
    (each) => each <= 4100,
  );
  assert(rough.value !== null && rough.next !== null);
  assert(rough.value <= 4100 && rough.next > 4100);
  assert(rough.next - rough.value <= 4100 / 64);
});

Deno.test("the fewest GPUs are sought among powers of two and between", () => {
  for (
    const [enough, value, next] of [
      [1, 1, null],
      [2, 2, 1],
      [3, 3, 2],
      [5, 5, 4],
      [9, 10, 8],
      [13, 14, 12],
      [1024, 1024, 896],
      [1025, null, 1024],
    ] as const
  ) {
    const { found } = told(searchFewest(1024), (gpus) => gpus >= enough);
    assertEquals([found.value, found.next], [value, next]);
  }
});

Deno.test("what is asked first can be asked, and is answered", () => {
  for (
    const input of [
      { model: "gpt2" },
      { model: "gpt2", train: { method: "lora" } },
      { model: "gpt2", task: "serve" },
      {
        model: "meta-llama/Llama-3.1-8B",
        task: "serve",
        serve: { engine: "vllm" },
      },
    ] as ScenarioInput[]
  ) {
    const scenario = scenarioOf(input);
    const fields = howFar(scenario);
    assert(fields.length >= 3);
    for (const field of fields) {
      assertOk(largest(scenario, field, { thorough: false }));
    }
  }
});

const REFUSED: [field: string, said: RegExp][] = [
  ["train.lora.rank", /means nothing where train\.method is "full"/],
  ["serve.batch", /whole number of a scenario for task train/],
  ["train.method", /whole number/],
  ["train.lora.dropout", /whole number/],
  ["parallel.tp", /parallel\.gpus can be asked for/],
  ["model.dims.layers", /the model's own/],
  ["__proto__", /whole number/],
];

Deno.test("a value of 0 that does not fit is no answer", () => {
  const none = found({
    model: "Qwen/Qwen2.5-VL-7B-Instruct",
    train: {
      method: "lora",
      images_per_sample: 4,
      image_size: [1024, 1024],
      sequence_length: 8192,
    },
    hardware: { gpu: "A100-40GB" },
  }, "train.images_per_sample");
  assertEquals([none.value, none.next?.value], [null, 0]);
});

for (const [field, said] of REFUSED) {
  Deno.test(`the largest ${field} is refused`, () => {
    const result = largest(scenarioOf({ model: "gpt2" }), field);
    assert(!result.ok);
    assertEquals(result.problems[0]?.path, "field");
    assertMatch(result.problems[0]?.message ?? "", said);
  });
}

Deno.test("bounds of whole numbers are those of the schema", () => {
  let fields = 0;
  for (const { path, whole_numbers } of FIELDS) {
    if (!whole_numbers || path.startsWith("model.")) continue;
    fields++;
    const { least, most } = whole_numbers;
    const takes = (value: number): boolean => {
      const [section = "", key = "", inner] = path.split(".");
      const of = inner === undefined
        ? { [key]: value }
        : { [key]: { [inner]: value } };
      return parseScenario({ model: "gpt2", [section]: of }).ok;
    };
    assertEquals(
      [least - 1, least, most, most + 1].map(takes),
      [false, true, true, false],
      path,
    );
  }
  assert(fields > 30, `${fields}`);
});
