import { assert, assertEquals, assertMatch } from "@std/assert";
import type { InversePath, ScenarioInput } from "../../lib/mod.ts";
import { estimateScenario, largest, largestInTurns } from "../../lib/mod.ts";
import { largestWords } from "../../templates/largest_words.ts";
import { found, scenarioOf } from "./inverse.ts";

const CASES: [name: string, input: ScenarioInput, field: InversePath][] = [
  [
    "QLoRA on one card",
    {
      model: "meta-llama/Llama-3.1-8B",
      train: { method: "qlora", checkpointing: "full" },
      hardware: { gpu: "RTX 4090" },
    },
    "train.micro_batch",
  ],
  ["GPT-2 in full", { model: "gpt2" }, "train.micro_batch"],
  [
    "ZeRO-2, which factors answers",
    {
      model: "meta-llama/Llama-2-7b-hf",
      train: { checkpointing: "full" },
      parallel: { gpus: 8 },
      engine: { name: "deepspeed", zero_stage: 2 },
    },
    "train.micro_batch",
  ],
  [
    "serving",
    { model: "meta-llama/Llama-3.1-8B", task: "serve" },
    "serve.batch",
  ],
];

for (const [name, input, field] of CASES) {
  Deno.test(`the largest batch is what trying one after another finds: ${name}`, () => {
    const scenario = scenarioOf(input);
    const [section, key] = field.split(".") as ["train" | "serve", string];
    const peakAt = (value: number): { peak: number; high: number | null } => {
      const result = estimateScenario({
        ...scenario,
        [section]: { ...scenario[section], [key]: value },
      });
      assert(result.ok);
      const { device_peak_bytes, high_bytes } = result.value.memory;
      return { peak: device_peak_bytes, high: high_bytes };
    };
    const answer = found(input, field);
    const { value, usable_bytes: usable, cautious } = answer;
    assert(value !== null);
    const fitting: number[] = [];
    for (let each = 1; each <= value + 20; each++) {
      if (peakAt(each).peak <= usable) fitting.push(each);
    }
    assertEquals(value, fitting.at(-1));
    assertEquals(answer.device_peak_bytes, peakAt(value).peak);
    assert(answer.next);
    assertEquals(
      answer.next.over_bytes,
      peakAt(answer.next.value).peak - usable,
    );
    const { high } = peakAt(value);
    assertEquals(cautious === null, high === null);
    if (cautious?.value) {
      assert(cautious.value <= value);
      assertEquals(cautious.high_bytes, peakAt(cautious.value).high);
      assert((cautious.high_bytes ?? Infinity) <= usable);
      assert((peakAt(cautious.value + 1).high ?? 0) > usable);
    }
  });
}

Deno.test("what does not fit even once says by how much", () => {
  const answer = found(
    { model: "meta-llama/Llama-2-70b-hf", hardware: { gpu: "RTX 4090" } },
    "train.micro_batch",
  );
  assertEquals([answer.value, answer.cautious?.value ?? null], [null, null]);
  const { next, usable_bytes } = answer;
  assert(next?.device_peak_bytes && next.over_bytes);
  assertEquals(next.over_bytes, next.device_peak_bytes - usable_bytes);
  assertMatch(
    largestWords(answer).sentences.join(" "),
    /does not fit on RTX 4090 even at 1: [\d.]+ GiB, [\d.]+ GiB too much/,
  );
});

Deno.test("a field at its bound says that there is no more", () => {
  const answer = found(
    {
      model: "gpt2",
      hardware: { gpu: { memory_gib: 65_536 } },
      task: "serve",
      serve: { input_tokens: 16, output_tokens: 1 },
    },
    "serve.batch",
  );
  assertEquals([answer.value, answer.at_bound], [1 << 20, true]);
  assertEquals(answer.next, null);
  assertMatch(largestWords(answer).sentences.join(" "), /takes no more/);
});

Deno.test("one token is no tokens", () => {
  const answer = found(
    { model: "meta-llama/Llama-3.1-8B", hardware: { gpu: "T4" } },
    "train.sequence_length",
  );
  assertEquals(answer.value, null);
  assertMatch(largestWords(answer).sentences.join(" "), /even at 1 token: /);
});

Deno.test("a sequence beyond the model's context says so", () => {
  const answer = found({ model: "gpt2" }, "train.sequence_length");
  assert(answer.value !== null && answer.value > 1024);
  assertEquals(answer.beyond_context, 1024);
  assertMatch(
    largestWords(answer).sentences.join(" "),
    /context ends at 1,024 tokens/,
  );
});

Deno.test("a field of the other task is refused by its name", () => {
  const result = largest(scenarioOf({ model: "gpt2" }), "serve.batch");
  assert(!result.ok);
  assertEquals(result.problems[0]?.path, "field");
  assertMatch(result.problems[0]?.message ?? "", /train\.micro_batch.*serve/);
});

Deno.test("a scenario that has no estimate is refused with its problems", () => {
  const result = largest(
    scenarioOf({ model: "nope/nope" }),
    "train.micro_batch",
  );
  assert(!result.ok);
  assertEquals(result.problems[0]?.path, "model");
});

Deno.test("asked in turns, the answer is the same", async () => {
  const scenario = scenarioOf({ model: "gpt2" });
  let turns = 0;
  const inTurns = await largestInTurns(scenario, "train.micro_batch", {
    breathe: () => {
      turns++;
      return Promise.resolve();
    },
  });
  assertEquals(inTurns, largest(scenario, "train.micro_batch"));
  assert(inTurns.ok);
  assert(turns >= inTurns.value.checked.estimates);
});

Deno.test("values below the answer that do not fit are named, drawn together", () => {
  const answer = found({ model: "gpt2" }, "train.micro_batch");
  const checked = { ...answer.checked, exceptions: [3, 7, 8, 9] };
  assertMatch(
    largestWords({ ...answer, checked }).sentences.join(" "),
    /below it, 3, 7 to 9 did not fit/,
  );
});
