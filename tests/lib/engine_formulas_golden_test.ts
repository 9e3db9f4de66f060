import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  estimate,
  findPreset,
  GIB,
  readCalculatorConfig,
} from "../../lib/mod.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";

/**
 * What George614/gpu-mem-calculator@2f345d1 gave when it ran, in GiB: the rows
 * are its own output fields. `cpu` is host memory over all nodes, `rec_bs` the
 * micro batch that it recommends where a run does not fit.
 */
interface Golden {
  total: number;
  params: number;
  grads: number;
  opt: number;
  act: number;
  ovh: number;
  cpu: number;
  fits: boolean;
  util: number;
  rec_bs: number | null;
}

const PRESETS: Record<string, Golden> = {
  "llama2-7b": {
    total: 33.30174,
    params: 0.25,
    grads: 1.629815,
    opt: 0.0,
    act: 25.6,
    ovh: 5.821926,
    cpu: 104.308128,
    fits: true,
    util: 41.6272,
    rec_bs: null,
  },
  "llama2-13b": {
    total: 28.706268,
    params: 0.390625,
    grads: 3.026798,
    opt: 0.0,
    act: 20.0,
    ovh: 5.288844,
    cpu: 193.715096,
    fits: true,
    util: 35.8828,
    rec_bs: null,
  },
  "llama2-70b": {
    total: 11.252175,
    params: 1.0,
    grads: 2.037268,
    opt: 0.0,
    act: 6.0,
    ovh: 2.214907,
    cpu: 1043.081284,
    fits: true,
    util: 14.0652,
    rec_bs: null,
  },
  "gpt3-175b": {
    total: 391.180794,
    params: 40.745363,
    grads: 40.745363,
    opt: 244.472176,
    act: 0.021094,
    ovh: 65.196799,
    cpu: 0.0,
    fits: false,
    util: 488.976,
    rec_bs: 1,
  },
  "mixtral-8x7b": {
    total: 43.971467,
    params: 0.4375,
    grads: 10.873191,
    opt: 0.0,
    act: 23.52,
    ovh: 9.140776,
    cpu: 695.884228,
    fits: true,
    util: 54.9643,
    rec_bs: null,
  },
  "glm-4-9b": {
    total: 98.520561,
    params: 16.763806,
    grads: 4.190952,
    opt: 25.14571,
    act: 36.0,
    ovh: 16.420093,
    cpu: 0.0,
    fits: false,
    util: 123.1507,
    rec_bs: 3,
  },
  "glm-4.7-355b": {
    total: 0.359906,
    params: 0.042969,
    grads: 0.0,
    opt: 0.0,
    act: 0.256953,
    ovh: 0.059984,
    cpu: 5951.151252,
    fits: true,
    util: 0.4499,
    rec_bs: null,
  },
  "glm-4.5-air-106b": {
    total: 8.070696,
    params: 0.042969,
    grads: 3.085006,
    opt: 0.0,
    act: 3.083438,
    ovh: 1.859284,
    cpu: 1579.523087,
    fits: true,
    util: 10.0884,
    rec_bs: null,
  },
  "qwen1.5-moe-a2.7b": {
    total: 50.626606,
    params: 0.585938,
    grads: 3.259629,
    opt: 0.0,
    act: 37.8,
    ovh: 8.981039,
    cpu: 208.616257,
    fits: true,
    util: 63.2833,
    rec_bs: null,
  },
  "deepseek-moe-16b": {
    total: 69.067278,
    params: 30.54738,
    grads: 3.818423,
    opt: 22.910535,
    act: 0.279727,
    ovh: 11.511213,
    cpu: 0.0,
    fits: true,
    util: 86.3341,
    rec_bs: null,
  },
};

const CONFIGS: Record<string, Golden> = {
  "configs/gpt3_175b_megatron.json": {
    total: 391.180794,
    params: 40.745363,
    grads: 40.745363,
    opt: 244.472176,
    act: 0.021094,
    ovh: 65.196799,
    cpu: 0.0,
    fits: false,
    util: 488.976,
    rec_bs: 1,
  },
  "configs/llama2_7b_deepspeed.json": {
    total: 33.56424,
    params: 0.46875,
    grads: 1.629815,
    opt: 0.0,
    act: 25.6,
    ovh: 5.865676,
    cpu: 104.308128,
    fits: true,
    util: 41.9553,
    rec_bs: null,
  },
  "configs/pytorch_ddp_example.json": {
    total: 32.281393,
    params: 1.862645,
    grads: 1.862645,
    opt: 11.175871,
    act: 12.0,
    ovh: 5.380232,
    cpu: 0.0,
    fits: true,
    util: 80.7035,
    rec_bs: null,
  },
};

/** Settings of a configuration that differ from the base's. */
type Settings = Partial<
  Record<"training" | "parallelism" | "engine", Record<string, unknown>>
>;

/** A 7B model, batch 4, checkpointing level 2, tp 2 × dp 4 over 8 GPUs. */
const BASE = {
  model: {
    num_parameters: "7B",
    num_layers: 32,
    hidden_size: 4096,
    num_attention_heads: 32,
    vocab_size: 32_000,
    max_seq_len: 4096,
  },
  training: {
    batch_size: 4,
    gradient_accumulation_steps: 4,
    optimizer: "adamw",
    dtype: "bf16",
    activation_checkpointing: 2,
  },
  parallelism: { tensor_parallel_size: 2, data_parallel_size: 4 },
  engine: {},
  hardware: { num_gpus: 8, gpu_memory_gb: 80 },
};

const VARIANTS: [name: string, settings: Settings, golden: Golden][] = [
  ["ddp", { "engine": { "type": "pytorch_ddp" } }, {
    total: 136.689754,
    params: 13.038516,
    grads: 13.038516,
    opt: 78.231096,
    act: 9.6,
    ovh: 22.781626,
    cpu: 0.0,
    fits: false,
    util: 170.8622,
    rec_bs: 2,
  }],
  ["zero1", { "engine": { "type": "deepspeed", "zero_stage": 1 } }, {
    total: 54.547103,
    params: 13.038516,
    grads: 13.038516,
    opt: 9.778887,
    act: 9.6,
    ovh: 9.091184,
    cpu: 0.0,
    fits: true,
    util: 68.1839,
    rec_bs: null,
  }],
  ["zero2", { "engine": { "type": "deepspeed", "zero_stage": 2 } }, {
    total: 40.856661,
    params: 13.038516,
    grads: 1.629815,
    opt: 9.778887,
    act: 9.6,
    ovh: 6.809444,
    cpu: 0.0,
    fits: true,
    util: 51.0708,
    rec_bs: null,
  }],
  ["zero3", { "engine": { "type": "deepspeed", "zero_stage": 3 } }, {
    total: 29.74796,
    params: 0.25,
    grads: 1.629815,
    opt: 13.038516,
    act: 9.6,
    ovh: 5.229629,
    cpu: 0.0,
    fits: true,
    util: 37.1849,
    rec_bs: null,
  }],
  ["zero3+optcpu", {
    "engine": {
      "type": "deepspeed",
      "zero_stage": 3,
      "offload_optimizer": "cpu",
    },
  }, {
    total: 14.10174,
    params: 0.25,
    grads: 1.629815,
    opt: 0.0,
    act: 9.6,
    ovh: 2.621926,
    cpu: 104.308128,
    fits: true,
    util: 17.6272,
    rec_bs: null,
  }],
  ["zero3+allcpu", {
    "engine": {
      "type": "deepspeed",
      "zero_stage": 3,
      "offload_optimizer": "cpu",
      "offload_param": "cpu",
    },
  }, {
    total: 11.82,
    params: 0.25,
    grads: 0.0,
    opt: 0.0,
    act: 9.6,
    ovh: 1.97,
    cpu: 117.346644,
    fits: true,
    util: 14.775,
    rec_bs: null,
  }],
  ["fsdp_full", {
    "engine": { "type": "fsdp", "sharding_strategy": "full_shard" },
  }, {
    total: 27.466219,
    params: 1.879815,
    grads: 1.629815,
    opt: 9.778887,
    act: 9.6,
    ovh: 4.577703,
    cpu: 0.0,
    fits: true,
    util: 34.3328,
    rec_bs: null,
  }],
  ["fsdp_grad_op", {
    "engine": { "type": "fsdp", "sharding_strategy": "shard_grad_op" },
  }, {
    total: 40.856661,
    params: 13.038516,
    grads: 1.629815,
    opt: 9.778887,
    act: 9.6,
    ovh: 6.809444,
    cpu: 0.0,
    fits: true,
    util: 51.0708,
    rec_bs: null,
  }],
  [
    "fsdp_no",
    { "engine": { "type": "fsdp", "sharding_strategy": "no_shard" } },
    {
      total: 136.689754,
      params: 13.038516,
      grads: 13.038516,
      opt: 78.231096,
      act: 9.6,
      ovh: 22.781626,
      cpu: 0.0,
      fits: false,
      util: 170.8622,
      rec_bs: 2,
    },
  ],
  ["megatron tp2", { "engine": { "type": "megatron_lm" } }, {
    total: 74.104877,
    params: 6.519258,
    grads: 6.519258,
    opt: 39.115548,
    act: 9.6,
    ovh: 12.350813,
    cpu: 0.0,
    fits: true,
    util: 92.6311,
    rec_bs: null,
  }],
  [
    "megds z3",
    { "engine": { "type": "megatron_deepspeed", "zero_stage": 3 } },
    {
      total: 27.166219,
      params: 1.629815,
      grads: 1.629815,
      opt: 9.778887,
      act: 9.6,
      ovh: 4.527703,
      cpu: 0.0,
      fits: true,
      util: 33.9578,
      rec_bs: null,
    },
  ],
  ["megatron tp4pp2sp", {
    "engine": { "type": "megatron_lm" },
    "parallelism": {
      "tensor_parallel_size": 4,
      "pipeline_parallel_size": 2,
      "data_parallel_size": 1,
      "sequence_parallel": true,
    },
  }, {
    total: 32.012439,
    params: 3.259629,
    grads: 3.259629,
    opt: 19.557774,
    act: 0.6,
    ovh: 5.335406,
    cpu: 0.0,
    fits: true,
    util: 40.0155,
    rec_bs: null,
  }],
  ["megds tp2pp2dp2sp z3", {
    "engine": { "type": "megatron_deepspeed", "zero_stage": 3 },
    "parallelism": {
      "pipeline_parallel_size": 2,
      "data_parallel_size": 2,
      "sequence_parallel": true,
    },
  }, {
    total: 18.526219,
    params: 1.629815,
    grads: 1.629815,
    opt: 9.778887,
    act: 2.4,
    ovh: 3.087703,
    cpu: 0.0,
    fits: true,
    util: 23.1578,
    rec_bs: null,
  }],
  ["ddp opt adam", {
    "engine": { "type": "pytorch_ddp" },
    "training": { "optimizer": "adam" },
  }, {
    total: 136.689754,
    params: 13.038516,
    grads: 13.038516,
    opt: 78.231096,
    act: 9.6,
    ovh: 22.781626,
    cpu: 0.0,
    fits: false,
    util: 170.8622,
    rec_bs: 2,
  }],
  ["ddp opt adamw_8bit", {
    "engine": { "type": "pytorch_ddp" },
    "training": { "optimizer": "adamw_8bit" },
  }, {
    total: 58.458658,
    params: 13.038516,
    grads: 13.038516,
    opt: 13.038516,
    act: 9.6,
    ovh: 9.74311,
    cpu: 0.0,
    fits: true,
    util: 73.0733,
    rec_bs: null,
  }],
  ["ddp opt sgd", {
    "engine": { "type": "pytorch_ddp" },
    "training": { "optimizer": "sgd" },
  }, {
    total: 74.104877,
    params: 13.038516,
    grads: 13.038516,
    opt: 26.077032,
    act: 9.6,
    ovh: 12.350813,
    cpu: 0.0,
    fits: true,
    util: 92.6311,
    rec_bs: null,
  }],
];

/** Of a 1B model at half the example's batch, on 40 GB GPUs. */
const HALF_BATCH: Golden = {
  total: 25.081393,
  params: 1.862645,
  grads: 1.862645,
  opt: 11.175871,
  act: 6.0,
  ovh: 4.180232,
  cpu: 0.0,
  fits: true,
  util: 62.7035,
  rec_bs: null,
};

/** Levels of checkpointing under DDP with tp 1: activations and total. */
const LEVELS: [level: number, activations: number, total: number][] = [
  [0, 32.0, 163.569754],
  [1, 25.6, 155.889754],
  [2, 19.2, 148.209754],
  [3, 12.8, 140.529754],
  [4, 6.4, 132.849754],
];

interface ServeGolden {
  total: number;
  params: number;
  kv: number;
  act: number;
  ovh: number;
  fits: boolean;
  max_bs: number | null;
  util: number;
}

/** Serving the same 7B model at 4096 tokens on 80 GB GPUs. */
const SERVED: [
  engine: NonNullable<ScenarioInput["serve"]>["engine"] & string,
  batch: number,
  kv: "auto" | "int8" | "fp8",
  tp: number,
  golden: ServeGolden,
][] = [
  ["transformers", 4, "auto", 1, {
    total: 25.238516,
    params: 13.038516,
    kv: 8.0,
    act: 4.0,
    ovh: 0.2,
    fits: true,
    max_bs: 11,
    util: 31.548,
  }],
  ["vllm", 4, "auto", 1, {
    total: 26.840088,
    params: 13.038516,
    kv: 9.601562,
    act: 4.0,
    ovh: 0.200009,
    fits: true,
    max_bs: 10,
    util: 33.55,
  }],
  ["tgi", 4, "auto", 1, {
    total: 22.988516,
    params: 13.038516,
    kv: 8.0,
    act: 1.6,
    ovh: 0.35,
    fits: true,
    max_bs: 12,
    util: 28.736,
  }],
  ["tensorrt-llm", 4, "auto", 1, {
    total: 22.588516,
    params: 13.038516,
    kv: 8.0,
    act: 1.2,
    ovh: 0.35,
    fits: true,
    max_bs: 12,
    util: 28.236,
  }],
  ["sglang", 4, "auto", 1, {
    total: 29.268521,
    params: 13.038516,
    kv: 11.2,
    act: 4.8,
    ovh: 0.230005,
    fits: true,
    max_bs: 9,
    util: 36.586,
  }],
  ["transformers", 32, "int8", 2, {
    total: 70.719258,
    params: 6.519258,
    kv: 32.0,
    act: 32.0,
    ovh: 0.2,
    fits: true,
    max_bs: 32,
    util: 88.399,
  }],
  ["vllm", 32, "int8", 2, {
    total: 77.121675,
    params: 6.519258,
    kv: 38.402344,
    act: 32.0,
    ovh: 0.200073,
    fits: false,
    max_bs: null,
    util: 96.402,
  }],
  ["tgi", 32, "int8", 2, {
    total: 51.769258,
    params: 6.519258,
    kv: 32.0,
    act: 12.8,
    ovh: 0.45,
    fits: true,
    max_bs: 44,
    util: 64.712,
  }],
  ["tensorrt-llm", 32, "int8", 2, {
    total: 48.469258,
    params: 6.519258,
    kv: 32.0,
    act: 9.6,
    ovh: 0.35,
    fits: true,
    max_bs: 47,
    util: 60.587,
  }],
  ["sglang", 32, "int8", 2, {
    total: 89.949297,
    params: 6.519258,
    kv: 44.8,
    act: 38.4,
    ovh: 0.230039,
    fits: false,
    max_bs: null,
    util: 112.437,
  }],
  ["transformers", 1, "fp8", 1, {
    total: 15.238516,
    params: 13.038516,
    kv: 1.0,
    act: 1.0,
    ovh: 0.2,
    fits: true,
    max_bs: 4,
    util: 19.048,
  }],
  ["vllm", 1, "fp8", 1, {
    total: 15.441643,
    params: 13.038516,
    kv: 1.203125,
    act: 1.0,
    ovh: 0.200002,
    fits: true,
    max_bs: 4,
    util: 19.302,
  }],
  ["tgi", 1, "fp8", 1, {
    total: 14.788516,
    params: 13.038516,
    kv: 1.0,
    act: 0.4,
    ovh: 0.35,
    fits: true,
    max_bs: 4,
    util: 18.486,
  }],
  ["tensorrt-llm", 1, "fp8", 1, {
    total: 14.688516,
    params: 13.038516,
    kv: 1.0,
    act: 0.3,
    ovh: 0.35,
    fits: true,
    max_bs: 4,
    util: 18.361,
  }],
  ["sglang", 1, "fp8", 1, {
    total: 15.868517,
    params: 13.038516,
    kv: 1.4,
    act: 1.2,
    ovh: 0.230001,
    fits: true,
    max_bs: 4,
    util: 19.836,
  }],
];

/** The program prints six decimals. */
const DIGITS = 1e-6;

function ofConfig(config: unknown): Estimate {
  const read = readCalculatorConfig(config);
  assert(read.ok, JSON.stringify(read));
  return estimate({ ...read.value.scenario, method: "engine-formulas" });
}

function gibOf({ memory }: Estimate, name: string): number {
  return (memory.parts.find((part) => part.name === name)?.bytes ?? 0) / GIB;
}

function recommended({ warnings }: Estimate): number | null {
  const found = warnings.map((line) =>
    line.match(/recommends train\.micro_batch = (\d+)/)?.[1]
  ).find((text) => text !== undefined);
  return found === undefined ? null : Number(found);
}

function assertGolden(found: Estimate, golden: Golden): void {
  assertEquals(found.method, "engine-formulas");
  const [own] = found.fit;
  assert(own);
  const { gpus, gpus_per_node } = found.scenario.parallel;
  const nodes = Math.ceil(gpus / gpus_per_node);
  const pairs: [name: string, found: number, golden: number][] = [
    ["weights", gibOf(found, "weights"), golden.params],
    ["gradients", gibOf(found, "gradients"), golden.grads],
    ["optimizer states", gibOf(found, "optimizer states"), golden.opt],
    ["activations", gibOf(found, "activations"), golden.act],
    ["overhead", gibOf(found, "overhead"), golden.ovh],
    ["host", (found.host.peak_bytes ?? 0) * nodes / GIB, golden.cpu],
    ["total", found.memory.device_peak_bytes / GIB, golden.total],
  ];
  for (const [name, value, wanted] of pairs) {
    assertAlmostEquals(value, wanted, DIGITS, name);
  }
  assertEquals(own.fits, golden.fits);
  assertAlmostEquals(100 * own.utilization, golden.util, 1e-3, "utilization");
  assertEquals(recommended(found), golden.rec_bs);
}

for (const [id, golden] of Object.entries(PRESETS)) {
  Deno.test(`engineFormulas() gives the program's figures: preset ${id}`, () => {
    assertGolden(ofConfig(findPreset(id)?.config), golden);
  });
}

for (const [path, golden] of Object.entries(CONFIGS)) {
  Deno.test(`engineFormulas() gives the program's figures: ${path}`, async () => {
    const text = await Deno.readTextFile(
      new URL(`../../${path}`, import.meta.url),
    );
    assertGolden(ofConfig(JSON.parse(text)), golden);
  });
}

for (const [name, settings, golden] of VARIANTS) {
  Deno.test(`engineFormulas() gives the program's figures: ${name}`, () => {
    assertGolden(
      ofConfig({
        ...BASE,
        training: { ...BASE.training, ...settings.training },
        parallelism: { ...BASE.parallelism, ...settings.parallelism },
        engine: { ...settings.engine },
      }),
      golden,
    );
  });
}

Deno.test("engineFormulas() gives the program's figures: 1B at half the batch", async () => {
  const text = await Deno.readTextFile(
    new URL("../../configs/pytorch_ddp_example.json", import.meta.url),
  );
  const config = JSON.parse(text);
  config.training.batch_size = 4;
  assertGolden(ofConfig(config), HALF_BATCH);
});

for (const [level, activations, total] of LEVELS) {
  Deno.test(`engineFormulas() gives the program's figures: checkpointing level ${level}`, () => {
    const found = ofConfig({
      ...BASE,
      training: { ...BASE.training, activation_checkpointing: level },
      parallelism: {},
    });
    assertAlmostEquals(gibOf(found, "activations"), activations, DIGITS);
    const peak = found.memory.device_peak_bytes / GIB;
    assertAlmostEquals(peak, total, DIGITS);
  });
}

for (const [engine, batch, kv_dtype, tp, golden] of SERVED) {
  Deno.test(`engineFormulas() gives the program's figures: ${engine} serves ${batch}, ${kv_dtype} cache, tp ${tp}`, () => {
    const read = readCalculatorConfig(BASE);
    assert(read.ok);
    const found = estimate({
      model: read.value.scenario.model,
      task: "serve",
      serve: {
        engine,
        batch,
        kv_dtype,
        input_tokens: 4096,
        output_tokens: 0,
      },
      parallel: { gpus: tp, tp },
      hardware: { gpu: { memory_gib: 80 } },
      method: "engine-formulas",
    });
    assertEquals(found.method, "engine-formulas");
    const pairs: [name: string, found: number, golden: number][] = [
      ["weights", gibOf(found, "weights"), golden.params],
      ["cache", gibOf(found, "KV cache"), golden.kv],
      ["activations", gibOf(found, "activations"), golden.act],
      ["overhead", gibOf(found, "overhead"), golden.ovh],
      ["total", found.memory.device_peak_bytes / GIB, golden.total],
    ];
    for (const [name, value, wanted] of pairs) {
      assertAlmostEquals(value, wanted, DIGITS, name);
    }
    assertEquals(found.kv?.bytes, Math.round(gibOf(found, "KV cache") * GIB));
    assertEquals(found.kv?.max_sequences ?? null, golden.max_bs);
    assertEquals(found.kv?.max_sequences !== null, golden.fits);
    const used = 100 * (found.fit[0]?.utilization ?? 0);
    assertAlmostEquals(used, golden.util, 1e-3, "utilization");
  });
}
