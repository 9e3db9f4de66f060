import { assert, assertEquals, assertMatch } from "@std/assert";
import { playStep } from "../../../lib/engines/step.ts";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { tryEstimate } from "../../../lib/mod.ts";
import { scenarioAdapters } from "../../../lib/models/trainable.ts";
import cases from "../../truth/parallel_steps.json" with { type: "json" };
import { askedOf, PHASES } from "../asked.ts";
import { assertOk, assertPlayed } from "../results.ts";

/** How far a phase may be off. */
const TOLERANCE = 0.001;

function play(input: ScenarioInput) {
  const { scenario, model } = askedOf(input);
  return playStep(scenario, model, { workspaces: false });
}

function assertReached(scenario: unknown, bytes: Record<string, number>) {
  const step = play(scenario as ScenarioInput);
  assertPlayed(step);
  for (const [key, traced] of Object.entries(bytes)) {
    const phase = PHASES[key];
    assert(phase, `${key} is no phase`);
    const error = step.phases[phase] / traced - 1;
    assert(
      Math.abs(error) <= TOLERANCE,
      `${key} is ${(100 * error).toFixed(3)} % off ${traced}`,
    );
  }
  const listed = step.peak.live.reduce((sum, { bytes }) => sum + bytes, 0);
  assertEquals(listed, step.peak.bytes);
}

for (const { name, engine, scenario, bytes } of cases) {
  if (engine !== "transformers-ep") continue;
  Deno.test(`experts of transformers reach what was traced: ${name}`, () => {
    assertReached(scenario, bytes);
  });
}

const SMALL = {
  model_type: "qwen3_moe",
  hidden_size: 1024,
  intermediate_size: 2816,
  moe_intermediate_size: 384,
  num_hidden_layers: 3,
  num_attention_heads: 16,
  num_key_value_heads: 4,
  head_dim: 128,
  vocab_size: 1024,
  num_experts: 16,
  num_experts_per_tok: 4,
  norm_topk_prob: true,
  tie_word_embeddings: false,
};

function dispatchedTo(
  ep: number,
  config: Partial<typeof SMALL>,
  train: ScenarioInput["train"] = {},
): ScenarioInput {
  return {
    model: { config: { ...SMALL, ...config } },
    train: {
      sequence_length: 2048,
      attention: "flash",
      checkpointing: "full",
      ...train,
    },
    precision: { weights: "fp32", autocast: "bf16" },
    optimizer: { name: "adamw", implementation: "foreach" },
    parallel: { gpus: 8, ep, rank: 0 },
    engine: { name: "fsdp2", driver: "transformers", reduce_dtype: "fp32" },
    software: { torch: "2.13.0", transformers: "5.24.0" },
  };
}

/*
 * Small vocabularies, so that layers and not the loss hold the peak: traced with
 * the same programs as the cases above.
 */
const LAYERS: readonly [string, ScenarioInput, Record<string, number>][] = [
  ["4 ranks", dispatchedTo(4, {}, { checkpointing: "none" }), {
    "load": 37256704,
    "forward": 662950400,
    "backward_start": 576793600,
    "backward": 622475776,
    "backward_end": 149022208,
    "optimizer": 186277888,
    "steady": 111768064,
  }],
  [
    "8 ranks, which have experts alone",
    dispatchedTo(8, { moe_intermediate_size: 1536 }, { checkpointing: "none" }),
    {
      "load": 122191360,
      "forward": 1144246784,
      "backward_start": 1058089984,
      "backward": 1119336960,
      "backward_end": 488760832,
      "optimizer": 610951168,
      "steady": 366572032,
    },
  ],
  [
    "8 ranks, and few tokens",
    dispatchedTo(8, { moe_intermediate_size: 1536 }, { sequence_length: 512 }),
    {
      "load": 122191360,
      "forward": 435159552,
      "backward_start": 378386432,
      "backward": 598778368,
      "backward_end": 488760832,
      "optimizer": 610951168,
      "steady": 366572032,
    },
  ],
  [
    "2 ranks, and few tokens",
    dispatchedTo(2, { moe_intermediate_size: 1536 }, { sequence_length: 512 }),
    {
      "load": 122191360,
      "forward": 567280128,
      "backward_start": 378386432,
      "backward": 712024576,
      "backward_end": 488760832,
      "optimizer": 610951168,
      "steady": 366572032,
    },
  ],
];

for (const [name, scenario, bytes] of LAYERS) {
  Deno.test(`layers of experts that ranks share reach what was traced: ${name}`, () => {
    assertReached(scenario, bytes);
  });
}

const REFUSED: readonly [string, ScenarioInput, RegExp][] = [
  ["experts that ranks do not divide", {
    ...dispatchedTo(3, {}),
    parallel: { gpus: 12, ep: 3 },
  }, /^parallel\.ep must divide the model's 16 experts: .*; 2 and 4 do$/],
  ["adapters", {
    ...dispatchedTo(4, {}),
    train: { method: "lora" },
  }, /^parallel\.ep 4 with train\.method lora is not played through: /],
  ["replicas of fewer ranks than share experts", {
    ...dispatchedTo(8, {}),
    parallel: { gpus: 8, ep: 8, dp_replicate: 2 },
    engine: { name: "fsdp2", driver: "transformers", sharding: "hybrid" },
  }, /^parallel\.ep 8 does not divide the 4 ranks that share shards: /],
  ["experts of transformers 4", {
    ...dispatchedTo(4, {}),
    software: { transformers: "4.57.0" },
  }, /^parallel\.ep 4 needs experts that run in one grouped product: /],
  ["accelerate, which deals no experts out", {
    ...dispatchedTo(4, {}),
    engine: { name: "fsdp2", driver: "accelerate" },
  }, /expert parallelism is not played/],
];

for (const [name, scenario, message] of REFUSED) {
  Deno.test(`parallel.ep is refused of ${name}`, () => {
    const step = play(scenario);
    assert("reason" in step);
    assertMatch(step.reason, message);
  });
}

Deno.test("a path of a bare parameter among LoRA's targets is taken as the parameter's", () => {
  const own = cases.find(({ name }) => name.endsWith("lora experts ckpt"));
  assert(own);
  assertReached(own.scenario, own.bytes);
  const { scenario, model } = askedOf(own.scenario as ScenarioInput);
  const adapters = scenarioAdapters(model, scenario);
  assertOk(adapters);
  assertMatch(
    adapters.value.notes.join("\n"),
    /mlp\.experts\.gate_up_proj, mlp\.experts\.down_proj are parameters of no module of that name/,
  );
});

Deno.test("a path among LoRA's targets that nothing has is said", () => {
  const { scenario, model } = askedOf({
    model: { config: SMALL },
    train: {
      method: "lora",
      lora: { targets: ["q_proj", "mlp.experts.nothing_proj"] },
    },
  });
  const adapters = scenarioAdapters(model, scenario);
  assertOk(adapters);
  assertMatch(
    adapters.value.notes.join("\n"),
    /the model has no mlp\.experts\.nothing_proj/,
  );
});

/*
 * transformers' `experts_implementation` decides whether each row gets a copy of its
 * expert's weights (batched_mm). No field of a Scenario says it: the default, one
 * grouped product, is played.
 */
Deno.test("experts are played as transformers runs them unless told", () => {
  const own = cases.find(({ name }) => name.includes("batched_mm"));
  assert(own);
  const step = play(own.scenario as ScenarioInput);
  assertPlayed(step);
  for (const key of ["load", "backward_end", "optimizer", "steady"] as const) {
    const phase = PHASES[key];
    assert(phase);
    assertEquals(step.phases[phase], own.bytes[key]);
  }
  assert(step.phases.backward < own.bytes.backward / 2);
});

Deno.test("torchtune is asked for no tower that projects all at once", () => {
  for (const method of ["full", "lora", "qlora"] as const) {
    for (
      const model of [
        "Qwen/Qwen2.5-VL-7B-Instruct",
        "Qwen/Qwen2-VL-2B-Instruct",
      ]
    ) {
      const answer = tryEstimate({
        model,
        train: { method, images_per_sample: 1, sequence_length: 4096 },
        software: { model_code: "torchtune" },
      });
      assertOk(answer);
      assertMatch(
        answer.value.warnings.join("\n"),
        /software\.model_code torchtune has no towers that project queries, keys and values at once/,
      );
    }
  }
});
