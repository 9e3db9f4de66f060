import { z } from "zod";
import { count, factor, flag, tokens } from "../../scenario/fields.ts";

/** The calculator's engines by every name that it takes for them. */
export const ENGINE_NAMES = {
  pytorch_ddp: "ddp",
  pytorch: "ddp",
  ddp: "ddp",
  deepspeed: "deepspeed",
  megatron_lm: "megatron",
  megatron: "megatron",
  "megatron-lm": "megatron",
  megatron_deepspeed: "megatron-deepspeed",
  fsdp: "fsdp",
} as const;

/** Its data types, and the fields of a scenario that say the same. */
export const DTYPE_NAMES = {
  fp32: { weights: "fp32" },
  float32: { weights: "fp32" },
  fp16: { weights: "fp16" },
  float16: { weights: "fp16" },
  bf16: { weights: "bf16" },
  bfloat16: { weights: "bf16" },
  int8: { quantized: "int8" },
  int4: { quantized: "int4" },
} as const;

/** Its optimizers, in the order of its messages. SGD is the one with momentum. */
export const OPTIMIZER_NAMES = {
  adam: { name: "adam", bits: 32 },
  adamw: { name: "adamw", bits: 32 },
  sgd: { name: "sgd-momentum", bits: 32 },
  adamw_8bit: { name: "adamw", bits: 8 },
  "adamw-8bit": { name: "adamw", bits: 8 },
} as const;

/** FSDP's strategies. */
export const SHARDING_NAMES = {
  no_shard: "none",
  shard_grad_op: "grad_op",
  full_shard: "full",
} as const;

/** Largest values, as a scenario has them. */
const MAX_SIZE = 1 << 20;
const MAX_GIB = 65_536;

const size = () => count(1, MAX_SIZE);

const model = z.strictObject({
  name: z.string().trim().max(200).default("custom"),
  num_parameters: count(1, 1e15),
  num_layers: count(1, 10_000),
  hidden_size: size(),
  num_attention_heads: count(1, 65_536),
  vocab_size: count(1, 16_777_216).default(32_000),
  max_seq_len: tokens(1, 1 << 28).default(2048),
  largest_layer_params: count(1, 1e15).nullable().default(null),
  moe_enabled: flag().default(false),
  num_experts: count(1, 65_536).default(8),
  top_k: count(1, 65_536).default(2),
  expert_intermediate_size: count(1, 16_777_216).nullable().default(null),
  shared_expert_intermediate_size: count(1, 16_777_216).nullable()
    .default(null),
}).superRefine((model, context) => {
  if (!model.moe_enabled) return;
  const refuse = (path: string, message: string): void => {
    context.addIssue({ code: "custom", path: [path], message });
  };
  if (model.num_experts < 2) {
    refuse("num_experts", "must be at least 2 where moe_enabled is true");
  }
  if (model.top_k > model.num_experts) {
    refuse("top_k", `must be at most num_experts, ${model.num_experts}`);
  }
});

const training = z.strictObject({
  batch_size: size().default(1),
  gradient_accumulation_steps: size().default(1),
  optimizer: oneOf(OPTIMIZER_NAMES).default("adamw"),
  dtype: oneOf(DTYPE_NAMES).default("bf16"),
  activation_checkpointing: count(0, 4).default(0),
});

const parallelism = z.strictObject({
  tensor_parallel_size: size().default(1),
  pipeline_parallel_size: size().default(1),
  data_parallel_size: size().nullable().default(null),
  sequence_parallel: flag().default(false),
});

const offload = oneOf({ none: true, cpu: true, nvme: true }).default("none");

const engine = z.strictObject({
  type: oneOf(ENGINE_NAMES).default("pytorch_ddp"),
  zero_stage: count(0, 3).nullable().default(null),
  offload_optimizer: offload,
  offload_param: offload,
  zero_init: flag().nullable().default(null),
  sharding_strategy: oneOf(SHARDING_NAMES).nullable().default(null),
  use_distributed_optimizer: flag().nullable().default(null),
  num_micro_batches: size().nullable().default(null),
});

const hardware = z.strictObject({
  num_gpus: size().nullable().default(null),
  gpu_memory_gb: factor(0.1, MAX_GIB).default(80),
  total_gpu_memory_gb: factor(0, 1e12).nullable().default(null),
});

/**
 * A configuration of the training memory calculator, as its files and its page
 * write it. Keys that it does not know are problems, not ignored as there.
 */
export const configSchema = z.strictObject({
  model,
  training: training.prefault({}),
  parallelism: parallelism.prefault({}),
  engine: engine.prefault({}),
  hardware: hardware.prefault({}),
});

/** A configuration with its defaults filled in. */
export type CalculatorConfig = z.infer<typeof configSchema>;

/** One of the names that a table knows, whatever their case. */
function oneOf<K extends string>(names: Readonly<Record<K, unknown>>) {
  return z.preprocess(
    (value) => typeof value === "string" ? value.trim().toLowerCase() : value,
    z.enum(Object.keys(names) as [K, ...K[]]),
  );
}
