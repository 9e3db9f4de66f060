import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  DEFAULT_SCENARIO,
  findPreset,
  isCalculatorConfig,
  tryEstimate,
} from "../../../lib/mod.ts";
import {
  DOCUMENTED,
  MODEL,
  readConfig,
  scenarioOf,
} from "./calculator_configs.ts";

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
  const { understood, assumed, ignored } = readConfig(DOCUMENTED);
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
      ...readConfig({ model: { ...model, hidden_size: 2048 } }).scenario,
      method: "factors",
    });
    assert(found.ok);
    assertEquals(
      found.value.assumptions.filter((line) => line.includes("disagree")),
      [],
    );
  }
});

Deno.test("readCalculatorConfig() says what it settled and what it left", () => {
  const { assumed, ignored } = readConfig({
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

Deno.test("isCalculatorConfig() tells configurations from scenarios", () => {
  assert(isCalculatorConfig(DOCUMENTED));
  assert(isCalculatorConfig({ model: MODEL }));
  assert(!isCalculatorConfig({ model: "llama2-7b", train: {} }));
  assert(!isCalculatorConfig({ model: { dims: {} } }));
  assert(!isCalculatorConfig({}));
  assert(!isCalculatorConfig(null));
});
