import { z } from "zod";
import {
  byShape,
  count,
  factor,
  flag,
  gib,
  isObject,
  names,
  nameText,
  patternOr,
  tokens,
} from "./fields.ts";
import { modelField } from "./model_field.ts";
import { OPTIMIZERS } from "./optimizers.ts";

/** Largest count of tokens, sequences and devices that a Scenario takes. */
export const MAX_TOKENS: number = 1 << 28;
export const MAX_SEQUENCES: number = 1 << 20;
const MAX_DEVICES = 1 << 20;
const MAX_GIB = 1 << 20;

/** Formats of quantised weights that a Scenario names without a prefix. */
export const QUANTIZATIONS = [
  "none",
  "nf4",
  "nf4-dq",
  "int8",
  "fp8",
  "int4",
  "gptq-int4",
  "gptq-int8",
  "awq-int4",
  "hqq-int4",
  "mxfp4",
  "nvfp4",
] as const;

const floats = z.enum(["fp32", "bf16", "fp16"]);

const lora = z.strictObject({
  rank: count(1, 65_536).default(16),
  alpha: factor(0, 1e6).default(32),
  dropout: factor(0, 1).default(0),
  targets: patternOr(["default", "all-linear"], 256).default("default"),
  target_parameters: names(256).default([]),
  adapter_dtype: floats.default("fp32"),
  dora: flag().default(false),
  rslora: flag().default(false),
  bias: z.enum(["none", "all", "lora_only"]).default("none"),
  modules_to_save: names(256).default([]),
  trainable_parameters: count(1, 1e15).nullable().default(null),
});

const train = z.strictObject({
  method: z.enum(["full", "lora", "qlora"]).default("full"),
  trainable: namesOrAll().default("all"),
  lora: lora.prefault({}),
  micro_batch: count(1, MAX_SEQUENCES).default(1),
  sequence_length: tokens(1, MAX_TOKENS).default(2048),
  gradient_accumulation: count(1, MAX_SEQUENCES).default(1),
  padding_mask: flag().default(false),
  attention: z.enum(["flash", "sdpa", "eager"]).default("flash"),
  checkpointing: z.enum(["none", "selective", "full"]).default("none"),
  checkpoint_offload: flag().default(false),
  loss: z.enum(["full", "fused", "chunked"]).default("full"),
  kernels: z.enum(["eager", "liger", "compile"]).default("eager"),
  images_per_sample: count(0, 65_536).default(0),
  image_size: imageSize().default([448, 448]),
});

const precision = z.strictObject({
  weights: floats.default("bf16"),
  autocast: z.enum(["bf16", "fp16"]).nullable().default(null),
  gradients: z.enum(["fp32"]).nullable().default(null),
  master_weights: z.enum(["fp32", "none"]).nullable().default(null),
  optimizer_states: z.enum(["fp32", "bf16"]).nullable().default(null),
});

const quantization = z.strictObject({
  weights: quantizationName().default("none"),
  group_size: count(-1, 65_536).default(128),
  kbit_upcast: flag().default(true),
});

const optimizer = z.strictObject({
  name: z.enum(OPTIMIZERS).default("adamw"),
  implementation: z.enum(["auto", "foreach", "fused", "for-loop"]).default(
    "auto",
  ),
  bits: z.preprocess(
    (value) => typeof value === "string" ? Number(value) : value,
    z.literal([32, 8, 4]),
  ).default(32),
  paged: flag().default(false),
  in_backward: flag().default(false),
});

const parallel = z.strictObject({
  gpus: count(1, MAX_DEVICES).default(1),
  gpus_per_node: count(1, 65_536).default(8),
  tp: count(1, MAX_DEVICES).default(1),
  pp: count(1, MAX_DEVICES).default(1),
  cp: count(1, MAX_DEVICES).default(1),
  ep: count(1, MAX_DEVICES).default(1),
  sequence_parallel: flag().default(false),
  virtual_pipeline: count(1, 10_000).default(1),
  microbatches: count(1, MAX_SEQUENCES).nullable().default(null),
});

const offload = z.enum(["none", "cpu", "nvme"]);

const engine = z.strictObject({
  name: z.enum([
    "auto",
    "single",
    "ddp",
    "deepspeed",
    "fsdp",
    "fsdp2",
    "megatron",
    "megatron-deepspeed",
  ]).default("auto"),
  zero_stage: count(0, 3).default(0),
  sharding: z.enum(["full", "grad_op", "hybrid", "none"]).default("full"),
  offload_optimizer: offload.default("none"),
  offload_parameters: offload.default("none"),
  distributed_optimizer: flag().default(true),
});

const serve = z.strictObject({
  engine: z.enum([
    "transformers",
    "vllm",
    "sglang",
    "tgi",
    "tensorrt-llm",
    "llama.cpp",
  ]).default("transformers"),
  batch: count(1, MAX_SEQUENCES).default(1),
  input_tokens: tokens(1, MAX_TOKENS).default(1024),
  output_tokens: tokens(0, MAX_TOKENS).default(128),
  kv_cache: flag().default(true),
  kv_dtype: z.enum([
    "auto",
    "fp32",
    "bf16",
    "fp16",
    "fp8",
    "int8",
    "q8_0",
    "q5_1",
    "q5_0",
    "q4_1",
    "q4_0",
    "iq4_nl",
  ]).default("auto"),
  cache_tokens: tokens(1, MAX_TOKENS).nullable().default(null),
  memory_utilization: factor(0.01, 1).default(0.9),
  max_batched_tokens: tokens(1, MAX_TOKENS).nullable().default(null),
  max_sequences: count(1, MAX_SEQUENCES).nullable().default(null),
});

const hardware = z.strictObject({
  gpu: gpuField().default("A100-80GB"),
});

const version = z.string().trim().min(1).max(64)
  .regex(/^[\w.+!-]+$/, "must be a version such as 4.48.1").nullable().default(
    null,
  );

const software = z.strictObject({
  model_code: z.enum([
    "transformers",
    "torchtune",
    "torchtitan",
    "litgpt",
    "gpt-fast",
    "nanovlm",
    "megatron",
  ]).default("transformers"),
  transformers: version,
  torch: version,
  peft: version,
  trl: version,
  bitsandbytes: version,
  accelerate: version,
});

const overheads = z.strictObject({
  cuda_context_gib: gib(0, MAX_GIB).nullable().default(null),
  communication_gib: gib(0, MAX_GIB).nullable().default(null),
  other_gib: gib(0, MAX_GIB).default(0),
});

/**
 * The calibration factors of the `factors` method and their defaults, as its
 * documents state them. Null means: by stage, or the model's own vision tower.
 */
const factors = z.strictObject({
  attn_act_factor_no_fa: factor(0, 1000).default(4),
  attn_act_factor_fa: factor(0, 1000).default(0.8),
  mlp_act_factor: factor(0, 1000).default(6),
  logits_factor: factor(0, 1000).default(1),
  fused_loss_factor: factor(0, 1).default(0.2),
  grad_ckpt_reduction: factor(0, 1).default(0.35),
  cuda_libs_gib: gib(0, MAX_GIB).default(2.5),
  misc_overhead_gib: gib(0, MAX_GIB).default(3),
  fragmentation_gib: gib(0, MAX_GIB).default(5),
  deepspeed_overhead_gib: gib(0, MAX_GIB).nullable().default(null),
  transient_gib_per_sequence: gib(0, MAX_GIB).default(0.1),
  kv_cache: flag().default(false),
  vision_hidden: count(1, 1_048_576).nullable().default(null),
  vision_layers: count(1, 10_000).nullable().default(null),
  vision_patch: count(1, 4096).nullable().default(null),
});

/**
 * What the `engine-formulas` method takes beside the other fields. Null means:
 * by `train.checkpointing`, and by the hidden size or the experts.
 */
const engineFormulas = z.strictObject({
  checkpointing_level: count(0, 4).nullable().default(null),
  largest_layer_parameters: count(1, 1e15).nullable().default(null),
});

/**
 * The constants of the `multipliers` method that its document says to adjust:
 * what checkpointing leaves of the activations, and what inference needs of them.
 */
const multipliers = z.strictObject({
  gradient_checkpointing: factor(0, 1).default(0.3),
  inference_activations: factor(0, 1).default(0.1),
});

/** What the `rule-of-thumb` method takes beside the other fields. */
const ruleOfThumb = z.strictObject({
  count: z.enum(["tensors", "dimensions"]).default("tensors"),
});

/** Methods that a Scenario can ask for. */
export const METHODS = [
  "timeline",
  "factors",
  "engine-formulas",
  "multipliers",
  "rule-of-thumb",
] as const;

/**
 * A Scenario: the model, the way to train or serve it, and the hardware. This
 * is its only definition; field names and meanings are the project's contract
 * with other programs. Unknown keys are errors, and all but `model` have
 * defaults.
 */
export const scenarioSchema = z.strictObject({
  model: modelField,
  task: z.enum(["train", "serve"]).default("train"),
  train: train.prefault({}),
  precision: precision.prefault({}),
  quantization: quantization.prefault({}),
  optimizer: optimizer.prefault({}),
  parallel: parallel.prefault({}),
  engine: engine.prefault({}),
  serve: serve.prefault({}),
  hardware: hardware.prefault({}),
  software: software.prefault({}),
  overheads: overheads.prefault({}),
  method: z.enum(METHODS).default("timeline"),
  factors: factors.prefault({}),
  engine_formulas: engineFormulas.prefault({}),
  multipliers: multipliers.prefault({}),
  rule_of_thumb: ruleOfThumb.prefault({}),
});

/** A Scenario with every default filled in. */
export type Scenario = z.infer<typeof scenarioSchema>;

function namesOrAll() {
  const groups = z.enum([
    "language_model",
    "vision_tower",
    "projector",
    "embeddings",
    "lm_head",
  ]);
  return z.preprocess(
    (value) =>
      typeof value === "string" && value !== "all"
        ? value.split(/[\s,]+/).filter((name) => name !== "")
        : value,
    z.union([z.literal("all"), z.array(groups).min(1).max(5)]),
  );
}

function imageSize() {
  const side = count(1, 65_536);
  return z.preprocess(
    (value) => {
      if (typeof value !== "string") return value;
      const sides = value.split(/[\sx,×]+/).filter((text) => text !== "");
      return sides.length === 1 ? [...sides, ...sides] : sides;
    },
    z.tuple([side, side]),
  );
}

function quantizationName() {
  return z.string().refine(
    (name) =>
      (QUANTIZATIONS as readonly string[]).includes(name) ||
      /^gguf:[A-Z0-9_]{1,16}$/.test(name),
    `must be one of ${
      QUANTIZATIONS.join(", ")
    } or gguf:TYPE such as gguf:Q4_K_M`,
  );
}

function gpuField() {
  const custom = z.strictObject({ memory_gib: gib(0.1, 65_536) });
  return byShape<string | { memory_gib: number }>((value) =>
    isObject(value) ? custom : nameText
  );
}
