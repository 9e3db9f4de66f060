import { z } from "zod";

/**
 * The documented settings of the tools that scenarios are exported for, as far
 * as an export may write them; another key fails. Sources: accelerate
 * commands/config/config_args.py, DeepSpeed docs/_pages/config-json.md, Axolotl
 * utils/schemas, Lightning's Trainer and strategies, transformers
 * training_args.py.
 */
const count = z.int().min(1);
const device = z.enum(["none", "cpu", "nvme"]);

const accelerate = z.strictObject({
  compute_environment: z.literal("LOCAL_MACHINE"),
  debug: z.boolean(),
  distributed_type: z.enum([
    "NO",
    "MULTI_GPU",
    "DEEPSPEED",
    "FSDP",
    "MEGATRON_LM",
  ]),
  downcast_bf16: z.literal("no"),
  machine_rank: z.int().min(0),
  main_training_function: z.string(),
  mixed_precision: z.enum(["no", "fp16", "bf16", "fp8"]),
  num_machines: count,
  num_processes: count,
  rdzv_backend: z.string(),
  same_network: z.boolean(),
  use_cpu: z.boolean(),
  deepspeed_config: z.strictObject({
    gradient_accumulation_steps: count,
    offload_optimizer_device: device,
    offload_param_device: device,
    zero3_init_flag: z.boolean(),
    zero3_save_16bit_model: z.boolean().optional(),
    zero_stage: z.int().min(0).max(3),
    gradient_clipping: z.number().optional(),
  }).optional(),
  fsdp_config: z.strictObject({
    fsdp_activation_checkpointing: z.boolean(),
    fsdp_auto_wrap_policy: z.enum([
      "TRANSFORMER_BASED_WRAP",
      "SIZE_BASED_WRAP",
      "NO_WRAP",
    ]),
    fsdp_cpu_ram_efficient_loading: z.boolean(),
    fsdp_offload_params: z.boolean(),
    fsdp_state_dict_type: z.enum(["SHARDED_STATE_DICT", "FULL_STATE_DICT"]),
    fsdp_version: z.literal([1, 2]),
    fsdp_sharding_strategy: z.enum([
      "FULL_SHARD",
      "SHARD_GRAD_OP",
      "NO_SHARD",
      "HYBRID_SHARD",
    ]).optional(),
    fsdp_reshard_after_forward: z.boolean().optional(),
    fsdp_sync_module_states: z.boolean().optional(),
    fsdp_use_orig_params: z.boolean().optional(),
    fsdp_forward_prefetch: z.boolean().optional(),
  }).optional(),
  parallelism_config: z.strictObject({
    parallelism_config_tp_size: count,
    parallelism_config_cp_size: count,
    parallelism_config_dp_replicate_size: count.optional(),
  }).optional(),
  megatron_lm_config: z.strictObject({
    megatron_lm_num_micro_batches: count,
    megatron_lm_pp_degree: count,
    megatron_lm_recompute_activations: z.boolean(),
    megatron_lm_sequence_parallelism: z.boolean(),
    megatron_lm_tp_degree: count,
    megatron_lm_use_distributed_optimizer: z.boolean(),
  }).optional(),
});

const offload = z.strictObject({
  device,
  pin_memory: z.boolean(),
  nvme_path: z.string().optional(),
});
const enabled = z.boolean();
const orAuto = z.union([count, z.literal("auto")]);

const deepspeed = z.strictObject({
  train_batch_size: orAuto,
  train_micro_batch_size_per_gpu: orAuto,
  gradient_accumulation_steps: orAuto,
  zero_allow_untested_optimizer: z.boolean().optional(),
  zero_optimization: z.strictObject({
    stage3_gather_16bit_weights_on_model_save: z.literal(true).optional(),
    stage: z.int().min(0).max(3),
    offload_optimizer: offload.optional(),
    offload_param: offload.optional(),
    overlap_comm: z.boolean().optional(),
    contiguous_gradients: z.boolean().optional(),
    reduce_bucket_size: count.optional(),
    allgather_bucket_size: count.optional(),
    stage3_prefetch_bucket_size: count.optional(),
    stage3_param_persistence_threshold: count.optional(),
    stage3_max_live_parameters: count.optional(),
    stage3_max_reuse_distance: count.optional(),
    sub_group_size: count.optional(),
    round_robin_gradients: z.boolean().optional(),
  }),
  gradient_clipping: z.number().optional(),
  bf16: z.strictObject({
    enabled,
    bf16_master_weights_and_grads: z.boolean().optional(),
    bf16_optimizer_states: z.boolean().optional(),
  }).optional(),
  fp16: z.strictObject({ enabled }).optional(),
  torch_autocast: z.strictObject({
    enabled,
    dtype: z.enum(["bfloat16", "float16"]),
  }).optional(),
  data_types: z.strictObject({
    grad_accum_dtype: z.enum(["fp32", "bf16", "fp16"]),
  }).optional(),
  optimizer: z.strictObject({
    type: z.enum(["AdamW", "Adam", "Lamb", "Lion", "Muon", "Adagrad"]),
    params: z.strictObject({
      lr: z.number(),
      adam_w_mode: z.boolean().optional(),
    }),
  }).optional(),
  tensor_parallel: z.strictObject({ autotp_size: count }).optional(),
  sequence_parallel_size: count.optional(),
});

const fsdpOptions = z.array(z.enum([
  "full_shard",
  "shard_grad_op",
  "hybrid_shard",
  "no_shard",
  "auto_wrap",
  "offload",
]));
const fsdpConfig = z.strictObject({
  state_dict_type: z.literal("FULL_STATE_DICT").optional(),
  version: z.literal([1, 2]),
  reshard_after_forward: z.boolean().optional(),
  forward_prefetch: z.boolean().optional(),
  limit_all_gathers: z.boolean().optional(),
  use_orig_params: z.boolean().optional(),
});

const trainingArguments = z.strictObject({
  output_dir: z.string(),
  per_device_train_batch_size: count,
  gradient_accumulation_steps: count,
  bf16: z.boolean(),
  fp16: z.boolean(),
  gradient_checkpointing: z.boolean(),
  activation_offloading: z.literal(true).optional(),
  optim: z.string().optional(),
  torch_compile: z.boolean(),
  use_liger_kernel: z.boolean(),
  liger_kernel_config: z.record(z.string(), z.boolean()).optional(),
  deepspeed: deepspeed.optional(),
  fsdp: fsdpOptions.optional(),
  fsdp_config: fsdpConfig.optional(),
  ddp_bucket_cap_mb: z.number().optional(),
}).refine(({ bf16, fp16 }) => !(bf16 && fp16))
  .refine(({ deepspeed, fsdp }) => !(deepspeed && fsdp));

const axolotl = z.strictObject({
  base_model: z.string(),
  adapter: z.enum(["lora", "qlora"]).optional(),
  load_in_4bit: z.boolean().optional(),
  load_in_8bit: z.boolean().optional(),
  gptq: z.boolean().optional(),
  bnb_config_kwargs: z.record(z.string(), z.unknown()).optional(),
  lora_r: count.optional(),
  lora_alpha: z.int().min(0).optional(),
  lora_dropout: z.number().optional(),
  lora_target_linear: z.boolean().optional(),
  lora_target_modules: z.union([z.string(), z.array(z.string())]).optional(),
  lora_target_parameters: z.array(z.string()).optional(),
  lora_modules_to_save: z.array(z.string()).optional(),
  peft_use_dora: z.boolean().optional(),
  peft_use_rslora: z.boolean().optional(),
  peft_autocast_adapter_dtype: z.boolean().optional(),
  datasets: z.array(z.strictObject({ path: z.string(), type: z.string() }))
    .min(1),
  output_dir: z.string(),
  sequence_len: count,
  micro_batch_size: count,
  gradient_accumulation_steps: count,
  num_epochs: z.number(),
  learning_rate: z.number(),
  bf16: z.boolean(),
  fp16: z.boolean(),
  bfloat16: z.boolean().optional(),
  float16: z.boolean().optional(),
  float32: z.boolean().optional(),
  gradient_checkpointing: z.union([z.boolean(), z.literal("offload")]),
  attn_implementation: z.enum(["flash_attention_2", "sdpa", "eager"]),
  optimizer: z.string().optional(),
  liger_rope: z.boolean().optional(),
  liger_rms_norm: z.boolean().optional(),
  liger_glu_activation: z.boolean().optional(),
  liger_fused_linear_cross_entropy: z.boolean().optional(),
  cut_cross_entropy: z.boolean().optional(),
  chunked_cross_entropy: z.boolean().optional(),
  torch_compile: z.boolean().optional(),
  plugins: z.array(z.string()).optional(),
  deepspeed: deepspeed.optional(),
  fsdp: fsdpOptions.optional(),
  fsdp_config: fsdpConfig.optional(),
  tensor_parallel_size: count.optional(),
  context_parallel_size: count.optional(),
  dp_shard_size: count.optional(),
  dp_replicate_size: count.optional(),
  ddp_bucket_cap_mb: z.number().optional(),
});

const lightning = z.strictObject({
  trainer: z.strictObject({
    accelerator: z.literal("gpu"),
    devices: count,
    num_nodes: count,
    precision: z.enum([
      "32-true",
      "bf16-true",
      "16-true",
      "bf16-mixed",
      "16-mixed",
    ]),
    accumulate_grad_batches: count,
    strategy: z.union([
      z.literal("ddp"),
      z.strictObject({
        class_path: z.string().regex(/^lightning\.pytorch\.strategies\.\w+$/),
        init_args: z.record(z.string(), z.unknown()),
      }),
    ]),
  }),
  data: z.strictObject({ batch_size: count }),
});

/** What each tool takes. */
export const SCHEMAS: Record<string, z.ZodType> = {
  accelerate,
  deepspeed,
  axolotl,
  lightning,
  "training-arguments": trainingArguments,
};
