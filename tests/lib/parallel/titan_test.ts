import { assert, assertEquals, assertMatch } from "@std/assert";
import { playRanks, playStep } from "../../../lib/engines/step.ts";
import { sharedOut } from "../../../lib/engines/titan/stages.ts";
import steps from "../../truth/parallel_steps.json" with { type: "json" };
import { askedOf, PHASES } from "../asked.ts";
import { assertPlayed } from "../results.ts";

/** How far a phase may be off. */
const BOUND = 0.001;

/** Cases that are further off, and why. */
const WIDER: readonly [name: RegExp, bound: number, why: string][] = [
  [
    /interleaved/,
    0.003,
    "a runtime's variable refers to a stage's last output, which is not played",
  ],
  [
    /30b-a3b/,
    0.003,
    "the backward pass of its experts makes 60 MB more than is played",
  ],
];

const TRACED = steps.filter(({ engine }) => engine === "torchtitan");

Deno.test("there are traced steps of torchtitan", () => {
  assertEquals(TRACED.length, 28);
});

for (const { name, scenario, bytes } of TRACED) {
  const [, bound, why] = WIDER.find(([pattern]) => pattern.test(name)) ??
    [null, BOUND, ""];
  Deno.test(`${name} is played to ${100 * bound} %${why && `: ${why}`}`, () => {
    const asked = askedOf(scenario);
    const step = playStep(asked.scenario, asked.model, { workspaces: false });
    assertPlayed(step);
    for (const [phase, traced] of Object.entries(bytes)) {
      const key = PHASES[phase];
      assert(key, `phase ${phase} is not known`);
      const error = step.phases[key] / traced - 1;
      assert(Math.abs(error) <= bound, `${phase} is off by ${error}`);
    }
  });
}

const LLAMA = {
  model: "meta-llama/Llama-3.1-8B",
  train: { micro_batch: 1, sequence_length: 4096, attention: "sdpa" },
  precision: { weights: "fp32", autocast: "bf16" },
  engine: { name: "fsdp2", driver: "torchtitan" },
  software: { model_code: "torchtitan" },
};

function reasonOf(parallel: object, train: object = {}): string {
  const { scenario, model } = askedOf({
    ...LLAMA,
    train: { ...LLAMA.train, ...train },
    parallel,
  });
  const played = playRanks(scenario, model);
  assert("reason" in played);
  return played.reason;
}

Deno.test("what torchtitan cannot do is said with what it can", () => {
  const cases: readonly [parallel: object, train: object, RegExp][] = [
    [{ gpus: 8, tp: 8, pp: 1 }, { sequence_length: 4097 }, /does not divide/],
    [{ gpus: 8, pp: 4, microbatches: 2 }, {}, /at least parallel\.pp = 4/],
    [
      { gpus: 8, pp: 4, microbatches: 8, pipeline_schedule: "DualPipeV" },
      {},
      /DualPipeV is not played .*1F1B, GPipe/,
    ],
    [
      { gpus: 8, pp: 4, microbatches: 8, split_points: ["layers.2"] },
      {},
      /multiple of parallel\.pp = 4 stages: there are 2/,
    ],
    [
      { gpus: 8, pp: 2, microbatches: 8, split_points: ["norm"] },
      {},
      /has to name layers/,
    ],
    [{ gpus: 8, tp: 2 }, { method: "lora" }, /method lora/],
    [{ gpus: 16, tp: 16 }, {}, /8 key-value heads .* 8 does/],
  ];
  for (const [parallel, train, pattern] of cases) {
    assertMatch(reasonOf(parallel, train), pattern);
  }
});

Deno.test("experts that torchtitan's code is not played for are not shared out", () => {
  const { scenario, model } = askedOf({
    ...LLAMA,
    model: "openai/gpt-oss-20b",
    parallel: { gpus: 8, ep: 4 },
  });
  const played = playRanks(scenario, model);
  assert("reason" in played);
  assertMatch(played.reason, /gpt_oss .* parallel\.ep has to be 1/);
});

Deno.test("embeddings and head count as a layer each where stages are shared out", () => {
  assertEquals(sharedOut({ layers: 8, pp: 4, each: 1, splits: null }), [
    2,
    5,
    7,
  ]);
  assertEquals(sharedOut({ layers: 32, pp: 2, each: 2, splits: null }), [
    8,
    17,
    25,
  ]);
});

Deno.test("each stage of a pipeline is answered, the most loaded first", () => {
  const { scenario, model } = askedOf({
    ...LLAMA,
    parallel: { gpus: 16, tp: 2, pp: 4, microbatches: 8 },
  });
  const ranks = playRanks(scenario, model);
  assert(!("reason" in ranks));
  assertEquals(ranks.length, 4);
  const peaks = ranks.map(({ peak }) => peak.bytes);
  assertEquals(peaks, peaks.toSorted((a, b) => b - a));
  assertEquals(ranks[0]?.rank.name, "pp 0");
});
