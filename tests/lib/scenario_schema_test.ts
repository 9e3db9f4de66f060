import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  DEFAULT_SCENARIO,
  estimate,
  parseScenario,
  ScenarioError,
  tryEstimate,
} from "../../lib/mod.ts";
import type { Scenario, ScenarioInput } from "../../lib/mod.ts";
import { OPTIMIZERS } from "../../lib/scenario/optimizers.ts";
import { DEFAULTS } from "./contract_defaults.ts";
import { assertOk } from "./results.ts";

const MODEL = { model: "meta-llama/Llama-3.1-8B" };

function parsed(input: unknown): Scenario {
  const result = parseScenario(input);
  assertOk(result);
  return result.value;
}

Deno.test("parseScenario() fills in the contract's default of every field", () => {
  assertEquals(parsed(MODEL), DEFAULTS);
});

Deno.test("parseScenario() fills in the same defaults for empty sections", () => {
  const { model, task: _task, method: _method, ...sections } = DEFAULTS;
  const empty = Object.fromEntries(
    Object.keys(sections).map((name) => [name, {}]),
  );
  assertEquals(parsed({ model, ...empty }), DEFAULTS);
  assertEquals(parsed({ model, train: { lora: {} } }), DEFAULTS);
});

Deno.test("parseScenario() gives a Scenario back as it is", () => {
  assertEquals(parsed(DEFAULTS), DEFAULTS);
});

Deno.test("DEFAULT_SCENARIO holds the same defaults", () => {
  const { model: _model, ...rest } = DEFAULTS;
  const { model: _any, ...found } = DEFAULT_SCENARIO;
  assertEquals(found, rest);
});

Deno.test("parseScenario() shares no list or section between two scenarios", () => {
  const first = parsed(MODEL);
  first.train.lora.modules_to_save.push("lm_head");
  first.train.image_size[0] = 1;
  first.serve.batch = 9;
  assertEquals(parsed(MODEL), DEFAULTS);
});

Deno.test("parseScenario() names the fields that an unknown key may mean", () => {
  const near: [section: string, key: string, field: string][] = [
    ["train", "seq_len", "train.sequence_length"],
    ["train", "lenght", "train.sequence_length"],
    ["train", "rank", "train.lora.rank"],
    ["serve", "context", "serve.max_model_len"],
    ["serve", "gpu_memory_utilization", "serve.memory_utilization"],
    ["parallel", "num_gpus", "parallel.gpus"],
  ];
  for (const [section, key, field] of near) {
    const result = parseScenario({ model: "gpt2", [section]: { [key]: 1 } });
    assert(!result.ok);
    const [, meant = ""] = result.problems[0]?.message.split("; near it: ") ??
      [];
    assert(meant.split(", ").includes(field), `${key}: ${meant}`);
  }
});

Deno.test("parseScenario() refuses unknown keys at each depth by name", () => {
  const paths = [
    "nonsense",
    "train.nonsense",
    "train.lora.nonsense",
    "precision.nonsense",
    "quantization.nonsense",
    "optimizer.nonsense",
    "parallel.nonsense",
    "engine.nonsense",
    "serve.nonsense",
    "hardware.nonsense",
    "hardware.gpu.nonsense",
    "software.nonsense",
    "overheads.nonsense",
    "factors.nonsense",
    "model.nonsense",
    "model.dims.nonsense",
  ];
  const dims = { layers: 1, hidden_size: 8, attention_heads: 1, vocab_size: 8 };
  for (const path of paths) {
    const input = structuredClone<Record<string, unknown>>(MODEL);
    if (path.startsWith("model.")) input["model"] = { dims: { ...dims } };
    if (path.startsWith("hardware.gpu.")) {
      input["hardware"] = { gpu: { memory_gib: 24 } };
    }
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    let section = input;
    for (const key of keys) {
      section = (section[key] ??= {}) as Record<string, unknown>;
    }
    section[last] = 1;
    const result = parseScenario(input);
    assert(!result.ok, path);
    assertEquals(result.problems, [{
      path,
      message: `${path} is not a field of a scenario`,
    }]);
  }
});

Deno.test("parseScenario() names every unknown key", () => {
  const result = parseScenario({ ...MODEL, one: 1, two: 2, train: { tre: 3 } });
  assert(!result.ok);
  assertEquals(result.problems.map(({ path }) => path).sort(), [
    "one",
    "train.tre",
    "two",
  ]);
});

Deno.test("parseScenario() takes every optimizer of the list", () => {
  for (const name of OPTIMIZERS) {
    assertEquals(
      parsed({ ...MODEL, optimizer: { name } }).optimizer.name,
      name,
    );
  }
});

Deno.test("parseScenario() takes null where null is allowed", () => {
  const nullable = Object.entries({
    train: { lora: { trainable_parameters: null } },
    precision: {
      autocast: null,
      gradients: null,
      master_weights: null,
      optimizer_states: null,
    },
    parallel: { microbatches: null },
    serve: {
      cache_tokens: null,
      max_batched_tokens: null,
      max_sequences: null,
    },
    software: {
      transformers: null,
      torch: null,
      peft: null,
      trl: null,
      bitsandbytes: null,
      accelerate: null,
      expandable_segments: null,
      max_split_size_mb: null,
    },
    overheads: { cuda_context_gib: null, communication_gib: null },
    factors: {
      deepspeed_overhead_gib: null,
      vision_hidden: null,
      vision_layers: null,
      vision_patch: null,
    },
  });
  assertEquals(parsed({ ...MODEL, ...Object.fromEntries(nullable) }), DEFAULTS);
});

Deno.test("estimate() throws a ScenarioError that carries every problem", () => {
  const input = {
    ...MODEL,
    train: { micro_batch: 0 },
    parallel: { gpus: 0 },
  } satisfies ScenarioInput;
  const error = assertThrows(
    () => estimate(input),
    ScenarioError,
    "train.micro_batch must be at least 1: current value is 0",
  );
  assertEquals(error.problems.map(({ path }) => path), [
    "train.micro_batch",
    "parallel.gpus",
  ]);
  assertStringIncludes(error.name, "ScenarioError");
});

Deno.test("a number beyond all numbers is refused by the field's own limit alone", () => {
  for (const micro_batch of [1e99, "1e99", -1e99]) {
    const result = parseScenario({ ...MODEL, train: { micro_batch } });
    assert(!result.ok);
    const [limit] = Number(micro_batch) > 0 ? ["at most 1048576"] : [
      "at least 1:",
    ];
    assertEquals(result.problems.length, 1);
    assertStringIncludes(result.problems[0]?.message ?? "", limit ?? "");
  }
});

Deno.test("names that nobody knows are told with all else that is wrong", () => {
  const wrong = {
    model: "no/such-model",
    train: { micro_batch: 0 },
    hardware: { gpu: "no such GPU" },
  };
  const result = tryEstimate(wrong);
  assert(!result.ok);
  assertEquals(result.problems.map(({ path }) => path), [
    "model",
    "hardware.gpu",
    "train.micro_batch",
  ]);
  const refused = tryEstimate({ ...wrong, model: "", hardware: { gpu: "" } });
  assert(!refused.ok);
  assertEquals(refused.problems.map(({ path }) => path).sort(), [
    "hardware.gpu",
    "model",
    "train.micro_batch",
  ]);
});
