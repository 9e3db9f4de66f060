import { isDeepStrictEqual } from "node:util";
import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "../../npm/fast-check.ts";
import { parse } from "yaml";
import type { Scenario, ScenarioInput } from "../../../lib/mod.ts";
import {
  DEFAULT_SCENARIO,
  EXPORTS,
  exportScenario,
  FIELDS,
  leavesOf,
  parseScenario,
  PRESETS,
  scenarioOfConfiguration,
} from "../../../lib/mod.ts";
import { OPTIMIZERS } from "../../../lib/scenario/optimizers.ts";
import { anotherValue } from "../another_value.ts";
import { SCHEMAS } from "./export_schemas.ts";
import { assertOk } from "../results.ts";

/** What engines have by their own names, mostly left to them. */
const SETTINGS = Object.fromEntries(
  FIELDS.filter(({ path, awaited }) =>
    path.startsWith("engine.") && awaited === true
  ).map(({ path }) => [
    path.slice("engine.".length),
    fc.constantFrom(null, null, anotherValue(path, null)),
  ]),
);

/** Scenarios of every engine, method and kernel, some of which clash. */
const scenarios: fc.Arbitrary<ScenarioInput> = fc.record({
  model: fc.constantFrom("meta-llama/Llama-3.1-8B", "Qwen/Qwen3-0.6B"),
  train: fc.record({
    method: fc.constantFrom("full", "lora", "qlora"),
    micro_batch: fc.integer({ min: 1, max: 16 }),
    sequence_length: fc.constantFrom(512, 2048, 8192),
    gradient_accumulation: fc.integer({ min: 1, max: 16 }),
    attention: fc.constantFrom("flash", "sdpa", "eager"),
    checkpointing: fc.constantFrom("none", "selective", "full"),
    checkpoint_offload: fc.boolean(),
    saving: fc.record({
      gathers: fc.constantFrom(null, "host" as const, "device" as const),
    }),
    loss: fc.constantFrom("full", "fused", "chunked"),
    kernels: fc.constantFrom("eager", "liger", "compile"),
    lora: fc.record({
      rank: fc.integer({ min: 1, max: 128 }),
      targets: fc.constantFrom<Scenario["train"]["lora"]["targets"]>(
        "default",
        "all-linear",
        ["q_proj"],
        ["q_proj", "v_proj"],
        ".*_proj$",
      ),
      dora: fc.boolean(),
      rslora: fc.boolean(),
      modules_to_save: fc.constantFrom([], ["lm_head"]),
      adapter_dtype: fc.constantFrom("fp32", "bf16"),
    }),
  }),
  precision: fc.record({
    weights: fc.constantFrom("fp32", "bf16", "fp16"),
    autocast: fc.constantFrom(null, "bf16", "fp16"),
    gradients: fc.constantFrom(null, "fp32"),
    master_weights: fc.constantFrom(null, "none", "fp32"),
    optimizer_states: fc.constantFrom(null, "bf16", "fp32"),
  }),
  quantization: fc.record({
    weights: fc.constantFrom("none", "nf4", "nf4-dq", "int8", "awq-int4"),
  }),
  optimizer: fc.record({
    name: fc.constantFrom(...OPTIMIZERS),
    bits: fc.constantFrom(32, 8, 4),
    paged: fc.boolean(),
    in_backward: fc.boolean(),
    implementation: fc.constantFrom("auto", "fused", "for-loop"),
  }),
  parallel: fc.record({
    gpus: fc.constantFrom(1, 2, 8, 16),
    tp: fc.constantFrom(1, 2),
    pp: fc.constantFrom(1, 2),
    cp: fc.constantFrom(1, 2),
    sequence_parallel: fc.boolean(),
    dp_replicate: fc.constantFrom(null, 2),
    cp_kind: fc.constantFrom(null, "ring", "ulysses"),
  }),
  engine: fc.record({
    name: fc.constantFrom(
      "auto",
      "single",
      "ddp",
      "deepspeed",
      "fsdp",
      "fsdp2",
      "megatron",
    ),
    zero_stage: fc.integer({ min: 0, max: 3 }),
    sharding: fc.constantFrom("full", "grad_op", "hybrid", "none"),
    offload_optimizer: fc.constantFrom("none", "cpu", "nvme"),
    offload_parameters: fc.constantFrom("none", "cpu", "nvme"),
    distributed_optimizer: fc.boolean(),
    ...SETTINGS,
  }),
}) as fc.Arbitrary<ScenarioInput>;

/** Scenarios whose GPUs hold whole replicas. */
const whole = scenarios.map((input): Scenario => {
  const parsed = parseScenario(input);
  assertOk(parsed);
  return parsed.value;
}).filter(({ parallel: { gpus, tp, pp, cp } }) => gpus % (tp * pp * cp) === 0);

/** Exports of training; those of serving have a test of their own. */
const TRAINING = EXPORTS.filter(({ syntax }) =>
  syntax === "yaml" || syntax === "json"
);

for (const { id, draft, refuses, syntax } of TRAINING) {
  Deno.test(`exportScenario() writes ${id} as its tool takes it`, () => {
    let written = 0;
    fc.assert(
      fc.property(whole, (scenario) => {
        const result = exportScenario(scenario, id);
        if (!result.ok) {
          assert(refuses(scenario) !== null);
          return;
        }
        written++;
        const { text } = result.value;
        // The tools read YAML as PyYAML does.
        const values = syntax === "json"
          ? JSON.parse(text)
          : parse(text, { version: "1.1" });
        const schema = SCHEMAS[id];
        if (!schema) return;
        const checked = schema.safeParse(values);
        assert(checked.success, `${checked.error?.message}\n${text}`);
      }),
      { numRuns: 400 },
    );
    assert(written > 50, `${written}`);
  });

  Deno.test(`scenarioOfConfiguration() gives back what ${id} says`, () => {
    fc.assert(
      fc.property(whole, (scenario) => {
        const result = exportScenario(scenario, id);
        if (!result.ok) return;
        const { text } = result.value;
        const read = scenarioOfConfiguration(text);
        assertOk(read, `${text}\n`);
        assertEquals(
          read.value.formats.map(({ id }) => id),
          [id === "yaml" || id === "json" ? "scenario" : id],
        );
        assertEquals(
          read.value.ignored.filter(({ reason }) =>
            reason.startsWith("not a setting")
          ),
          [],
        );
        const back = parseScenario({
          model: scenario.model,
          ...read.value.scenario,
        });
        assertOk(back);
        const now = new Map(
          leavesOf(back.value).map(({ path, value }) => [path, value]),
        );
        const before = new Map(
          leavesOf(scenario).map(({ path, value }) => [path, value]),
        );
        const off = draft(scenario).says.filter((path) =>
          !isDeepStrictEqual(now.get(path), before.get(path))
        ).map((path) =>
          `${path}: ${JSON.stringify(now.get(path))} instead of ${
            JSON.stringify(before.get(path))
          }`
        );
        assert(off.length === 0, [...off, text].join("\n"));
      }),
      { numRuns: 500 },
    );
  });
}

Deno.test("exportScenario() notes every field that has no place", () => {
  const parsed = parseScenario({
    model: "gpt2",
    train: { sequence_length: 512, padding_mask: true },
    overheads: { other_gib: 1 },
  });
  assert(parsed.ok);
  const result = exportScenario(parsed.value, "deepspeed");
  assert(result.ok);
  assertEquals(
    result.value.notes.filter((note) => note.endsWith("no place in it")),
    [
      'model ("gpt2") has no place in it',
      "train.sequence_length (512) has no place in it",
      "train.padding_mask (true) has no place in it",
    ],
  );
  const yaml = exportScenario(parsed.value, "accelerate");
  assert(yaml.ok);
  assertMatch(yaml.value.text, /^# accelerate, written by Headroom\n# model /);
});

Deno.test("exportScenario() refuses what a tool does not do", () => {
  const refused: [ScenarioInput, string, RegExp][] = [
    [{ model: "gpt2" }, "toml", /^format must be one of accelerate, .*"toml"/],
    [{ model: "gpt2", task: "serve" }, "axolotl", /^task must be train/],
    [
      { model: "gpt2", engine: { name: "fsdp" } },
      "deepspeed",
      /^engine\.name must be deepspeed: current value is "fsdp"/,
    ],
    [
      { model: "gpt2", engine: { name: "megatron" } },
      "training-arguments",
      /^engine\.name must not be of Megatron-LM/,
    ],
    [
      { model: { config: { model_type: "gpt2" } } },
      "axolotl",
      /^model must be a name/,
    ],
  ];
  for (const [input, format, reason] of refused) {
    const parsed = parseScenario(input);
    assert(parsed.ok);
    const result = exportScenario(parsed.value, format);
    assert(!result.ok, format);
    assertMatch(result.problems[0]?.message ?? "", reason);
  }
});

Deno.test("the scenario's own files give every preset back", () => {
  for (const { scenario } of PRESETS) {
    const parsed = parseScenario(scenario);
    assert(parsed.ok);
    for (const format of ["yaml", "json"]) {
      const result = exportScenario(parsed.value, format);
      assert(result.ok);
      const read = scenarioOfConfiguration(result.value.text);
      assert(read.ok);
      const back = parseScenario(read.value.scenario);
      assert(back.ok);
      assertEquals(back.value, parsed.value);
    }
  }
  assertEquals(DEFAULT_SCENARIO.model, "-");
});
