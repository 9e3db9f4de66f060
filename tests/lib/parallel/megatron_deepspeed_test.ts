import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { estimate } from "../../../lib/mod.ts";
import { playRanks, playStep } from "../../../lib/engines/step.ts";
import steps from "../../truth/parallel_steps.json" with { type: "json" };
import { askedOf, PHASES } from "../asked.ts";
import { assertPlayed } from "../results.ts";

/** How far a phase may be off. */
const BOUND = 0.005;

const TRACED = steps.filter(({ engine }) => engine === "megatron-deepspeed");

Deno.test("there are traced steps of Megatron-DeepSpeed", () => {
  assert(TRACED.length >= 10);
});

for (const { name, scenario, bytes } of TRACED) {
  Deno.test(`${name} is played to ${100 * BOUND} %`, () => {
    const asked = askedOf(scenario, name);
    const step = playStep(asked.scenario, asked.model, { workspaces: false });
    assertPlayed(step);
    for (const [phase, traced] of Object.entries(bytes)) {
      const key = PHASES[phase];
      assert(key);
      const error = step.phases[key] / Number(traced) - 1;
      assert(Math.abs(error) <= BOUND, `${phase} is off by ${error}`);
    }
  });
}

const LLAMA = "meta-llama/Llama-2-7b-hf";

function asked(
  { engine, parallel, ...input }: Partial<ScenarioInput>,
): ScenarioInput {
  return {
    model: LLAMA,
    precision: { weights: "bf16" },
    ...input,
    parallel: { gpus: 16, ...parallel },
    engine: { name: "megatron-deepspeed", ...engine },
  };
}

Deno.test("a pipeline's last stage keeps logits in fp32, its first batches", () => {
  const { scenario, model } = askedOf(asked({
    parallel: { pp: 2, tp: 2, microbatches: 8, sequence_parallel: true },
    engine: { zero_stage: 1 },
  }));
  const ranks = playRanks(scenario, model);
  assert(!("reason" in ranks));
  assertEquals(ranks.map(({ rank }) => rank.name).toSorted(), ["pp 0", "pp 1"]);
  const kept = (name: string, label: RegExp) => {
    const step = ranks.find(({ rank }) => rank.name === name);
    return step?.peak.live.filter((each) => label.test(each.label))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  };
  assertEquals(kept("pp 0", /logits in fp32/), 0);
  // Two buffers of 2048 tokens and half of 32,000 words.
  assertEquals(
    kept("pp 1", /logits in fp32 that the pip/),
    2 * 2048 * 16_000 * 4,
  );
  assertEquals(kept("pp 1", /batches and their masks/), 0);
  assert((kept("pp 0", /batches and their masks/) ?? 0) >= 2 * 2048 ** 2);
});

Deno.test("each stage's parts sum to its peak, and micro-batches add nothing", () => {
  const peaks = [8, 32].map((microbatches) => {
    const { scenario, model } = askedOf(asked({
      parallel: { pp: 4, microbatches },
      engine: { zero_stage: 1, grad_accum_dtype: "fp32" },
    }));
    const ranks = playRanks(scenario, model);
    assert(!("reason" in ranks));
    for (const { peak } of ranks) {
      assertEquals(
        peak.live.reduce((sum, { bytes }) => sum + bytes, 0),
        peak.bytes,
      );
    }
    return ranks.map(({ peak }) => peak.bytes);
  });
  assertEquals(peaks[0], peaks[1]);
});

Deno.test("Megatron-DeepSpeed is answered by its steps, and says what is assumed", () => {
  const { method, assumptions } = estimate(asked({
    parallel: { tp: 2 },
    engine: { zero_stage: 2 },
  }));
  assertEquals(method, "timeline");
  assert(assumptions.some((each) => /no-pipeline-parallel/.test(each)));
});

const REASONS: [input: Partial<ScenarioInput>, words: RegExp][] = [
  [
    { parallel: { pp: 2 }, engine: { zero_stage: 2 } },
    /ZeRO 2 does not run with pipeline parallelism.*parallel\.pp is 2; engine\.zero_stage 0 or 1 does/,
  ],
  [{ engine: { zero_stage: 3 } }, /engine\.zero_stage 3 .* 0 to 2 are/],
  [
    { parallel: { pp: 2, virtual_pipeline: 2 } },
    /virtual_pipeline must be 1 .* current value is 2/,
  ],
  [{ train: { method: "lora" } }, /train\.method lora/],
  [{ train: { checkpointing: "selective" } }, /selective .*full is/],
  [{ parallel: { cp: 2 } }, /parallel\.cp 2/],
  [
    { model: "mistralai/Mixtral-8x7B-v0.1" },
    /experts .* modules of its own/,
  ],
  [
    { engine: { zero_stage: 1, offload_optimizer: "cpu" } },
    /offload_optimizer cpu/,
  ],
  [
    { precision: { weights: "fp16" }, parallel: { pp: 2 } },
    /zero_stage 0 in fp16/,
  ],
  [
    { parallel: { pp: 2 }, engine: { zero_stage: 1, overlap_comm: true } },
    /overlap_comm/,
  ],
  [
    { parallel: { pp: 2, layers_of_first_stage: 12 } },
    /layers_of_first_stage/,
  ],
];

for (const [input, words] of REASONS) {
  Deno.test(`Megatron-DeepSpeed is not played, with a reason: ${words}`, () => {
    const { scenario, model } = askedOf(asked(input));
    const ranks = playRanks(scenario, model);
    assert("reason" in ranks);
    assertMatch(ranks.reason, words);
    const { warnings } = estimate(asked(input));
    assert(warnings.some((each) => words.test(each)));
  });
}
