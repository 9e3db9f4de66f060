import { FIELDS, QUANTIZATIONS } from "../../lib/mod.ts";
import type { GroupId } from "../../lib/scenario/groups.ts";

export type Setting = Record<string, unknown>;

/** Values other than the default, of the fields that are no choice or switch. */
export const VALUES: Record<string, unknown[]> = {
  model: ["mistralai/Mistral-7B-v0.1"],
  "train.trainable": [["lm_head"]],
  "train.lora.rank": [64],
  "train.lora.alpha": [16],
  "train.lora.dropout": [0.1],
  "train.lora.targets": ["all-linear", ["k_proj"]],
  "train.lora.modules_to_save": [["lm_head"]],
  "train.lora.target_parameters": [["mlp.experts.down_proj"]],
  "train.lora.trainable_parameters": [1_000_000],
  "train.micro_batch": [2],
  "train.sequence_length": [4_096],
  "train.gradient_accumulation": [8],
  "train.images_per_sample": [1],
  "train.image_size": [[224, 224]],
  "train.video_frames": [8],
  "train.image_min_pixels": [1_000_000],
  "train.image_max_pixels": [100_000],
  "train.prompt_tokens": [512],
  "train.completion_tokens": [512],
  "train.rejected_tokens": [256],
  "train.generations": [4],
  "train.rollout.steps_per_generation": [4],
  "train.rollout.iterations": [2],
  "train.rollout.memory_utilization": [0.5],
  "train.critic": ["gpt2"],
  "train.reward_model": ["gpt2"],
  "train.teacher": ["gpt2"],
  "train.evaluation.micro_batch": [64],
  "train.evaluation.sequence_length": [65_536],
  "train.evaluation.kept_batches": [20],
  "quantization.weights": [...QUANTIZATIONS, "gguf:Q4_K_M"],
  "quantization.group_size": [64],
  "quantization.skip_modules": [["k_proj"]],
  "parallel.gpus": [16],
  "parallel.gpus_per_node": [4],
  "parallel.tp": [2],
  "parallel.pp": [2],
  "parallel.cp": [2],
  "parallel.ep": [2],
  "parallel.virtual_pipeline": [2],
  "train.selective": ["op", 3],
  "train.mlp_tiles": ["auto", 4],
  "train.target_length": [128],
  "train.empty_cache_steps": [1],
  "optimizer.rank": [64],
  "train.trainable_layers": [2, -2],
  "train.trainable_parameters": ["lm_head.*"],
  "parallel.microbatches": [4],
  "engine.zero_stage": [1, 2, 3],
  // Other than what the driver does where nothing is said.
  "engine.wrap": ["titan"],
  "engine.contiguous_gradients": [false],
  "engine.stage3_max_reuse_distance": [1e10],
  "engine.grad_reduce_in_fp32": [false],
  "engine.gradient_accumulation_fusion": [false],
  "serve.batch": [2],
  "serve.input_tokens": [2_048],
  "serve.output_tokens": [256],
  "serve.cache_tokens": [8_192],
  // Of llama.cpp: what its server does not do by itself.
  "serve.draft_model": ["meta-llama/Llama-3.2-1B"],
  "serve.batch_tokens": [256],
  "serve.ubatch_tokens": [128],
  "serve.slots": [8],
  "serve.kv_unified": [false],
  "serve.swa_full": [true],
  "serve.flash_attention": ["off"],
  "serve.gpu_layers": [10],
  "serve.cpu_moe_layers": [2],
  "serve.tensor_split": [[1, 3]],
  "serve.kv_offload": [false],
  "serve.op_offload": [false],
  "serve.memory_utilization": [0.8],
  "serve.max_batched_tokens": [2_048],
  "serve.max_sequences": [16],
  "serve.max_model_len": [4_096],
  "serve.kv_cache_bytes": [5_000_000_000],
  "serve.block_size": [64],
  "serve.chunked_prefill_tokens": [4_096],
  "serve.swa_full_tokens_ratio": [0.5],
  "serve.max_loras": [2],
  "serve.max_lora_rank": [64],
  "hardware.gpu": ["T4", { memory_gib: 24 }],
  "software.transformers": ["4.48.1"],
  "software.torch": ["2.6.0"],
  "software.peft": ["0.14.0"],
  "software.trl": ["0.15.0"],
  "software.bitsandbytes": ["0.45.0"],
  "software.accelerate": ["1.3.0"],
  "software.expandable_segments": [true],
  "software.max_split_size_mb": [64],
  "overheads.cuda_context_gib": [1],
  "overheads.communication_gib": [1],
  "overheads.other_gib": [1],
  "factors.attn_act_factor_no_fa": [8],
  "factors.attn_act_factor_fa": [1],
  "factors.mlp_act_factor": [5],
  "factors.logits_factor": [2],
  "factors.fused_loss_factor": [0.5],
  "factors.grad_ckpt_reduction": [0.5],
  "factors.cuda_libs_gib": [1],
  "factors.misc_overhead_gib": [1],
  "factors.fragmentation_gib": [1],
  "factors.deepspeed_overhead_gib": [1],
  "factors.transient_gib_per_sequence": [1],
  "factors.vision_hidden": [512],
  "factors.vision_layers": [12],
  "factors.vision_patch": [16],
  "multipliers.gradient_checkpointing": [0.5],
  "multipliers.inference_activations": [0.2],
  "engine_formulas.checkpointing_level": [1, 3],
  "engine_formulas.largest_layer_parameters": [125_829_120],
};

const FSDP = { "parallel.gpus": 8, "engine.name": "fsdp" };
const LORA = { "train.method": "lora" };
const DPO = { "train.objective": "dpo" };
const IMAGES = { "train.images_per_sample": 1 };
const LIMITED = { ...IMAGES, model: "Qwen/Qwen2.5-VL-7B-Instruct" };

const VLLM = { task: "serve", "serve.engine": "vllm" };
const SGLANG = { task: "serve", "serve.engine": "sglang" };
const WINDOWED = "google/gemma-2-9b";
const HYBRID = "ai21labs/Jamba-v0.1";
const LLAMA: Setting = { "serve.engine": "llama.cpp" };
const LLAMA_CPP: Record<string, Setting> = {
  "serve.draft_model": LLAMA,
  "serve.batch_tokens": LLAMA,
  "serve.ubatch_tokens": LLAMA,
  "serve.slots": LLAMA,
  "serve.kv_unified": LLAMA,
  "serve.flash_attention": LLAMA,
  "serve.swa_full": {
    ...LLAMA,
    model: "google/gemma-3-1b-it",
    "serve.input_tokens": 8000,
  },
  "serve.gpu_layers": LLAMA,
  "serve.cpu_moe_layers": { ...LLAMA, model: "mistralai/Mixtral-8x7B-v0.1" },
  "serve.tensor_split": { ...LLAMA, "parallel.gpus": 2 },
  "serve.kv_offload": LLAMA,
  "serve.op_offload": { ...LLAMA, "serve.gpu_layers": 10 },
};

const VLLM_BESIDE = {
  "train.objective": "grpo",
  "train.rollout.engine": "vllm",
} as const;

/** What has to be set beside a field for it to mean anything. */
export const BESIDE: Record<string, Setting> = {
  "train.lora.rank": LORA,
  "train.lora.targets": LORA,
  "train.lora.target_parameters": LORA,
  "train.lora.bias": LORA,
  "train.lora.trainable_parameters": LORA,
  "train.image_size": IMAGES,
  "train.video_frames": LIMITED,
  "train.image_min_pixels": LIMITED,
  "train.image_max_pixels": LIMITED,
  "train.reference": DPO,
  "train.prompt_tokens": DPO,
  "train.completion_tokens": DPO,
  "train.rejected_tokens": DPO,
  "train.generations": { "train.objective": "grpo" },
  "train.rollout.engine": {
    "train.objective": "grpo",
    "train.prompt_tokens": 512,
  },
  "train.rollout.memory_utilization": VLLM_BESIDE,
  "train.rollout.sleep": VLLM_BESIDE,
  "train.rollout.steps_per_generation": { "train.objective": "grpo" },
  "train.rollout.iterations": { "train.objective": "grpo" },
  "train.rollout.importance_sampling": VLLM_BESIDE,
  "train.evaluation.sequence_length": { "train.evaluation.micro_batch": 8 },
  "train.evaluation.kept_batches": { "train.evaluation.micro_batch": 8 },
  "train.loss_type": { "train.objective": "kto" },
  "train.critic": { "train.objective": "grpo" },
  "train.reward_model": { "train.objective": "grpo" },
  "quantization.skip_modules": {
    "train.method": "qlora",
    "quantization.weights": "nf4",
  },
  "train.teacher": { "train.objective": "distillation" },
  "parallel.gpus": { "engine.zero_stage": 3, "parallel.gpus": 8 },
  "parallel.gpus_per_node": { ...FSDP, "engine.sharding": "hybrid" },
  "parallel.tp": { "parallel.gpus": 8 },
  "parallel.pp": { "parallel.gpus": 8 },
  "parallel.cp": { "parallel.gpus": 8 },
  "hardware.gpus": { "parallel.gpus": 2 },
  "parallel.ep": { model: "mistralai/Mixtral-8x7B-v0.1", "parallel.gpus": 2 },
  ...ofServing(),
  "serve.prefix_caching": { ...VLLM, model: HYBRID },
  "serve.hybrid_kv_cache": { ...VLLM, model: WINDOWED },
  "serve.swa_full_tokens_ratio": { ...SGLANG, model: WINDOWED },
  "serve.max_lora_rank": { ...VLLM, "serve.max_loras": 1 },
  "engine.zero_stage": { "parallel.gpus": 8 },
  "engine.sharding": FSDP,
  "engine.distributed_optimizer": { ...FSDP, "engine.name": "megatron" },
  ...ofEngines(),
  ...LLAMA_CPP,
  // With adapters, what the allocator keeps depends on what is prefetched.
  "engine.stage3_prefetch_bucket_size": {
    "engine.name": "deepspeed",
    "engine.zero_stage": 3,
    "parallel.gpus": 8,
    ...LORA,
  },
  "factors.attn_act_factor_no_fa": { "train.attention": "eager" },
  "factors.fused_loss_factor": { "train.loss": "fused" },
  "factors.grad_ckpt_reduction": { "train.checkpointing": "full" },
  "factors.vision_hidden": IMAGES,
  "factors.vision_layers": IMAGES,
  "factors.vision_patch": IMAGES,
};

/** A serving engine beside each option that some of them have. */
function ofServing(): Record<string, Setting> {
  return Object.fromEntries(FIELDS.flatMap(({ path, needs = [] }) => {
    const engines = needs.flatMap((need) =>
      "path" in need && need.path === "serve.engine" && "is" in need
        ? need.is
        : []
    );
    const [first] = engines;
    const isOption = /^serve\.\w+$/.test(path);
    if (!isOption || first === undefined) return [];
    const engine = engines.includes("vllm") ? "vllm" : first;
    return [[path, { task: "serve", "serve.engine": engine }]];
  }));
}

/** An engine beside each field that one engine alone reads. */
function ofEngines(): Record<string, Setting> {
  const beside: Partial<Record<GroupId, Setting>> = {
    ddp: { "engine.name": "ddp" },
    fsdp: { "engine.name": "fsdp2" },
    deepspeed: { "engine.name": "deepspeed", "engine.zero_stage": 3 },
    megatron: { "engine.name": "megatron" },
  };
  return Object.fromEntries(FIELDS.flatMap(({ path, group, awaited }) => {
    const engine = beside[group];
    return engine && path.startsWith("engine.") && awaited !== true
      ? [[path, { ...engine, "parallel.gpus": 8 }]]
      : [];
  }));
}

/** Values that change no memory by nature, and why. */
export const CHANGES_NOTHING: Record<string, string> = {
  "train.lora.alpha": "a scale, not a size",
  "train.lora.rslora": "a scale, not a size",
  "precision.weights=fp16": "as wide as bf16",
  "engine.name=single": "nothing is sharded by default either",
  "engine.name=ddp": "nothing is sharded by default either",
  "engine.bucket_cap_mb": "buckets hold all gradients, however they are cut",
  "method=timeline": "the default",
  "quantization.weights=none": "the default",
  "serve.kv_dtype=bf16": "what auto means for bf16 weights",
  "serve.kv_dtype=fp16": "as wide as bf16",
  "serve.max_model_len": "it bounds sequences, not the pool",
  "serve.enforce_eager=false": "the default",
  "serve.prefix_caching=true": "the default",
  "serve.hybrid_kv_cache=true": "the default",
  "serve.offline=false": "the default",
  "serve.swa_full_tokens_ratio": "it parts a pool that stays as large",
  "serve.attention=sdpa": "the default",
  "serve.attention=flash": "no scores are kept by either",
  "serve.padding_mask=false": "the default",
  "serve.logits_all=false": "the default",
};

/** The same when serving, which the factors method answers in any case. */
export const CHANGES_NOTHING_SERVED: Record<string, string> = {
  "software.transformers": "Llama generates alike since 4.45",
  "software.torch": "experts alone run otherwise in older ones",
  "engine.name=deepspeed": "stage 0 shards nothing",
  "engine.name=megatron-deepspeed": "stage 0 shards nothing",
};

/** Remarks that name a field in words rather than by its path. */
export const IN_WORDS: Record<string, string> = {
  "train.attention": "SDPA is counted as",
  "quantization.weights=mxfp4": "MXFP4",
  "quantization.weights=gguf:Q4_K_M": "GGUF",
  "precision.autocast": "the autocast type",
  "engine.name=fsdp": "FSDP's sharding",
  "engine.name=fsdp2": "FSDP's sharding",
  "engine.name=megatron": "Megatron's distributed optimizer",
  "engine.sharding": "FSDP's sharding",
};
