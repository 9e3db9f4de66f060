import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  CALCULATOR_PRESETS,
  DEFAULT_SCENARIO,
  findPreset,
  inConfigWords,
  isCalculatorConfig,
  parseScenario,
  readCalculatorConfig,
  scenarioOfPreset,
  tryEstimate,
} from "../../lib/mod.ts";
import type { CalculatorConfigRead, Scenario } from "../../lib/mod.ts";

const MODEL = {
  name: "llama2-7b",
  num_parameters: "7B",
  num_layers: 32,
  hidden_size: 4096,
  num_attention_heads: 32,
  vocab_size: 32_000,
  max_seq_len: 4096,
};

/** The example of the calculator's document. */
const DOCUMENTED = {
  model: MODEL,
  training: {
    batch_size: 4,
    gradient_accumulation_steps: 4,
    optimizer: "adamw",
    dtype: "bf16",
    activation_checkpointing: 1,
  },
  parallelism: {
    tensor_parallel_size: 1,
    pipeline_parallel_size: 1,
    data_parallel_size: 8,
    sequence_parallel: false,
  },
  engine: {
    type: "deepspeed",
    zero_stage: 3,
    offload_optimizer: "cpu",
    offload_param: "none",
  },
  hardware: { num_gpus: 8, gpu_memory_gb: 80 },
};

function read(config: unknown): CalculatorConfigRead {
  const result = readCalculatorConfig(config);
  assert(result.ok, JSON.stringify(result));
  return result.value;
}

function scenarioOf(config: unknown): Scenario {
  const parsed = parseScenario(read(config).scenario);
  assert(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

function messagesOf(config: unknown): string[] {
  const result = readCalculatorConfig(config);
  assert(!result.ok);
  return result.problems.map(({ message }) => message);
}

Deno.test("readCalculatorConfig() reads the documented example whole", () => {
  const scenario = scenarioOf(DOCUMENTED);
  assertEquals(scenario.model, {
    dims: {
      parameters: 7e9,
      layers: 32,
      hidden_size: 4096,
      attention_heads: 32,
      kv_heads: 32,
      head_dim: 128,
      intermediate_size: 11_008,
      vocab_size: 32_000,
      tie_embeddings: false,
      gated_mlp: true,
      max_position_embeddings: 4096,
    },
  });
  assertEquals(scenario.train.micro_batch, 4);
  assertEquals(scenario.train.sequence_length, 4096);
  assertEquals(scenario.train.gradient_accumulation, 4);
  assertEquals(scenario.train.checkpointing, "selective");
  assertEquals(scenario.engine_formulas.checkpointing_level, 1);
  assertEquals(scenario.precision.weights, "bf16");
  assertEquals(scenario.parallel.gpus, 8);
  assertEquals(scenario.engine, {
    ...DEFAULT_SCENARIO.engine,
    name: "deepspeed",
    zero_stage: 3,
    sharding: "full",
    offload_optimizer: "cpu",
    offload_parameters: "none",
    distributed_optimizer: true,
  });
  assertEquals(scenario.hardware.gpu, { memory_gib: 80 });
  const { understood, assumed, ignored } = read(DOCUMENTED);
  assertEquals(
    understood.map((line) => line.split(":")[0]),
    ["model", "training", "parallelism", "engine", "hardware"],
  );
  assertMatch(assumed.join("\n"), /meta-llama\/Llama-2-7b-hf/);
  assertEquals(ignored, []);
});

const ENGINES: [type: string, more: object, name: string, stage: number][] = [
  ["pytorch_ddp", {}, "ddp", 0],
  ["pytorch", {}, "ddp", 0],
  ["deepspeed", {}, "deepspeed", 0],
  ["deepspeed", { zero_stage: 2 }, "deepspeed", 2],
  ["megatron_lm", { zero_stage: null }, "megatron", 0],
  ["megatron-lm", {}, "megatron", 0],
  ["megatron_deepspeed", {}, "megatron-deepspeed", 2],
  ["Megatron_DeepSpeed", { zero_stage: 1 }, "megatron-deepspeed", 1],
  ["fsdp", {}, "fsdp", 0],
];

for (const [type, more, name, stage] of ENGINES) {
  Deno.test(`readCalculatorConfig() knows the engine ${type} ${JSON.stringify(more)}`, () => {
    const { engine } = scenarioOf({ model: MODEL, engine: { type, ...more } });
    assertEquals([engine.name, engine.zero_stage], [name, stage]);
  });
}

Deno.test("readCalculatorConfig() knows FSDP's strategies", () => {
  const of = (sharding_strategy: string | null) =>
    scenarioOf({ model: MODEL, engine: { type: "fsdp", sharding_strategy } })
      .engine.sharding;
  assertEquals(
    ["no_shard", "shard_grad_op", "full_shard", null].map(of),
    ["none", "grad_op", "full", "full"],
  );
});

Deno.test("readCalculatorConfig() knows types, optimizers and levels", () => {
  const of = (training: object) => scenarioOf({ model: MODEL, training });
  assertEquals(of({ dtype: "float32" }).precision.weights, "fp32");
  assertEquals(of({ dtype: "FP16" }).precision.weights, "fp16");
  assertEquals(of({ dtype: "int8" }).quantization.weights, "int8");
  assertEquals(of({ optimizer: "adamw_8bit" }).optimizer.bits, 8);
  assertEquals(of({ optimizer: "sgd" }).optimizer.name, "sgd-momentum");
  const levels = [0, 1, 2, 3, 4].map((activation_checkpointing) => {
    const { train, engine_formulas } = of({ activation_checkpointing });
    return [train.checkpointing, engine_formulas.checkpointing_level];
  });
  assertEquals(levels, [
    ["none", null],
    ["selective", 1],
    ["selective", null],
    ["selective", 3],
    ["full", null],
  ]);
});

Deno.test("readCalculatorConfig() reads counts as people write them", () => {
  const of = (num_parameters: unknown) => {
    const { model } = scenarioOf({ model: { ...MODEL, num_parameters } });
    assert(typeof model === "object" && "dims" in model);
    return model.dims.parameters;
  };
  assertEquals(
    ["7B", "7b", "7e9", "7000M", "7000000000", 7e9].map(of),
    [7e9, 7e9, 7e9, 7e9, 7e9, 7e9],
  );
});

Deno.test("readCalculatorConfig() reads mixtures of experts", () => {
  const { model } = scenarioOf(findPreset("deepseek-moe-16b")?.config);
  assert(typeof model === "object" && "dims" in model);
  const { experts, experts_per_token, expert_intermediate_size } = model.dims;
  assertEquals([experts, experts_per_token, expert_intermediate_size], [
    64,
    6,
    1408,
  ]);
  assertEquals(model.dims.shared_expert_intermediate_size, 10_944);
});

Deno.test("readCalculatorConfig() makes the dimensions add up to the count", () => {
  for (const num_parameters of ["1B", "1.5B"]) {
    const model = { ...MODEL, name: "mine", num_parameters, num_layers: 24 };
    const found = tryEstimate({
      ...read({ model: { ...model, hidden_size: 2048 } }).scenario,
      method: "factors",
    });
    assert(found.ok);
    assertEquals(
      found.value.assumptions.filter((line) => line.includes("disagree")),
      [],
    );
  }
});

Deno.test("readCalculatorConfig() tells every problem at once, by its path", () => {
  assertEquals(
    messagesOf({
      model: { ...MODEL, num_layers: 0, num_parameters: "many", colour: 1 },
      training: { dtype: "fp12", activation_checkpointing: 5 },
      parallelism: { tensor_parallel_size: "two" },
      engine: { type: "magic", offload_optimizer: "tape" },
      hardware: { gpu_memory_gb: -1 },
      extra: true,
    }),
    [
      'model.num_parameters must be a number: current value is "many"',
      "model.num_layers must be at least 1: current value is 0",
      "model.colour is not a field of a configuration",
      'training.dtype must be one of fp32, float32, fp16, float16, bf16, bfloat16, int8, int4: current value is "fp12"',
      "training.activation_checkpointing must be at most 4: current value is 5",
      'parallelism.tensor_parallel_size must be a number: current value is "two"',
      'engine.type must be one of pytorch_ddp, pytorch, ddp, deepspeed, megatron_lm, megatron, megatron-lm, megatron_deepspeed, fsdp: current value is "magic"',
      'engine.offload_optimizer must be one of none, cpu, nvme: current value is "tape"',
      "hardware.gpu_memory_gb must be at least 0.1: current value is -1",
      "extra is not a field of a configuration",
    ],
  );
});

Deno.test("readCalculatorConfig() refuses experts that cannot be", () => {
  const moe = { ...MODEL, moe_enabled: true };
  assertEquals(messagesOf({ model: { ...moe, num_experts: 1, top_k: 1 } }), [
    "model.num_experts must be at least 2 where moe_enabled is true: current value is 1",
  ]);
  assertEquals(messagesOf({ model: { ...moe, num_experts: 4, top_k: 5 } }), [
    "model.top_k must be at most num_experts, 4: current value is 5",
  ]);
});

Deno.test("readCalculatorConfig() refuses what is no object and what has no model", () => {
  assertEquals(messagesOf([]), [
    "The configuration must be an object: current value is []",
  ]);
  assertMatch(messagesOf({})[0] ?? "", /^model is missing/);
});

Deno.test("readCalculatorConfig() says what it settled and what it left", () => {
  const { assumed, ignored } = read({
    ...DOCUMENTED,
    model: { ...MODEL, name: "mine" },
    engine: {
      type: "pytorch_ddp",
      zero_stage: 3,
      offload_optimizer: "cpu",
      zero_init: true,
      sharding_strategy: "full_shard",
      use_distributed_optimizer: true,
    },
    parallelism: { ...DOCUMENTED.parallelism, data_parallel_size: 2 },
    hardware: { ...DOCUMENTED.hardware, total_gpu_memory_gb: 640 },
  });
  assertMatch(assumed.join("\n"), /An MLP of width \d+/);
  assertMatch(assumed.join("\n"), /data_parallel_size = 2 .* make 8 replicas/);
  assertEquals(ignored.map((line) => line.split(" = ")[0]), [
    "engine.zero_stage",
    "engine.offload_optimizer",
    "engine.sharding_strategy",
    "engine.use_distributed_optimizer",
    "engine.zero_init",
    "hardware.total_gpu_memory_gb",
  ]);
});

Deno.test("readCalculatorConfig() counts GPUs by their splits where none are given", () => {
  const { parallel } = scenarioOf({
    model: MODEL,
    parallelism: {
      tensor_parallel_size: 2,
      pipeline_parallel_size: 2,
      data_parallel_size: 3,
    },
  });
  assertEquals(parallel.gpus, 12);
});

Deno.test("inConfigWords() names the file's fields", () => {
  const { scenario } = read({
    ...DOCUMENTED,
    parallelism: { tensor_parallel_size: 3 },
  });
  const result = tryEstimate(scenario);
  assert(!result.ok);
  assertEquals(inConfigWords(result.problems), [
    {
      path: "hardware.num_gpus",
      message:
        "hardware.num_gpus must be a multiple of tp x pp x cp = 3: current value is 8",
    },
    {
      path: "parallelism.tensor_parallel_size",
      message:
        "parallelism.tensor_parallel_size must divide the model's 32 attention heads: current value is 3",
    },
  ]);
});

Deno.test("isCalculatorConfig() tells configurations from scenarios", () => {
  assert(isCalculatorConfig(DOCUMENTED));
  assert(isCalculatorConfig({ model: MODEL }));
  assert(!isCalculatorConfig({ model: "llama2-7b", train: {} }));
  assert(!isCalculatorConfig({ model: { dims: {} } }));
  assert(!isCalculatorConfig({}));
  assert(!isCalculatorConfig(null));
});

Deno.test("scenarioOfPreset() gives a scenario of every preset, by name", () => {
  assertEquals(CALCULATOR_PRESETS.length, 10);
  for (const preset of CALCULATOR_PRESETS) {
    assertEquals(findPreset(preset.id.toUpperCase()), preset);
    const result = tryEstimate(scenarioOfPreset(preset));
    assert(result.ok, preset.id);
  }
  const { model } = scenarioOfPreset(CALCULATOR_PRESETS[0] ?? never());
  assertEquals(model, "meta-llama/Llama-2-7b-hf");
  assertEquals(findPreset("nope"), null);
});

function never(): never {
  throw new Error("There are no presets");
}
