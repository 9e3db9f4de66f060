import type { Unexpressed } from "../reading/format.ts";
import { anyKeyOf } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";
import { FSDP_NEUTRAL, fsdpUnexpressed } from "../reading/vocabulary/fsdp.ts";

/** Settings that move memory and have no field, or none that says all. */
export const AXOLOTL_UNEXPRESSED: readonly Unexpressed[] = [
  ...fsdpUnexpressed("fsdp_config"),
  unexpressed(
    ["process_reward_model", "trl", "vllm", "ebft"],
    "reward models and rollouts are not estimated",
  ),
  unexpressed(
    [
      "lora_mlp_kernel",
      "lora_qkv_kernel",
      "lora_o_kernel",
      "lora_embedding_kernel",
      "fused_attn_kernel",
      "flash_attn_cross_entropy",
      "flash_attn_fuse_mlp",
      "flash_attn_rms_norm",
      "liger_cross_entropy",
      "liger_rms_norm_gated",
      "flash_attn_d512",
      "use_scattermoe",
      "use_sonicmoe",
      "use_dsv4_kernels",
      "use_glm_dsa_kernels",
      "flash_optimum",
      "large_head_attention",
      "sdpa_varlen",
      "gemma4_hybrid_attn_impl",
      "llama4_linearized_experts",
      "use_kernels",
      "experts_implementation",
    ],
    "what these kernels save has no field",
  ),
  unexpressed(
    [
      "layer_offloading",
      "selective_checkpointing",
    ],
    "no field says what stays on the GPU",
  ),
  unexpressed(
    ["lora_rank_pattern", "lora_alpha_pattern"],
    "one rank is taken for every module",
  ),
  unexpressed(
    [
      "freeze_mm_modules",
      "peft_layers_to_transform",
      "peft_layers_pattern",
      "peft_layer_replication",
      "peft_trainable_token_indices",
      "peft.loftq_config",
      "relora",
      "lisa_n_layers",
      "model_quantization_config",
      "resize_token_embeddings_to_32x",
      "shrink_embeddings",
      "fp32_norms",
      "torch_dtype",
      "max_packed_sequence_len",
      "diffusion",
      "fp32_norm_classes",
      "model_quantization_config_kwargs",
      "lora_on_cpu",
      "gpu_memory_limit",
      "max_memory",
      "device_map",
      "overrides_of_model_config",
      "overrides_of_model_kwargs",
      "auto_find_batch_size",
      "dion_rank_fraction",
      "dion_rank_multiple_of",
      "deepcompile",
      "use_onebitllms",
      "pad_to_multiple_of",
      "s2_attention",
    ],
    "no field says it",
  ),
  unexpressed(
    "embeddings_skip_upcast",
    "Axolotl casts embeddings back before the first step: only loading takes less",
    false,
  ),
];

/** Settings that decide no memory of a training step. */
export const AXOLOTL_NEUTRAL: readonly RegExp[] = [
  /^trl\.(?:beta|vllm_server|vllm_guided|vllm_dtype|vllm_max_model|vllm_enable_prefix|reward|log_|scale_|loss_type|num_iter|epsilon|temperature|top_|min_p|repetition|ref_model|sync_ref|mask|importance|delta|generation_kwargs|rollout_func|multi_objective|chat_template|num_completions|cispo|vespo|dapo)/,
  ...FSDP_NEUTRAL,
  anyKeyOf()`
    swanlab use_swanlab expert_parallel_ model_config base_model_ignore
    eta_min gptq_ capabilities env_capabilities
    tokenizer model_type cls_model base_model_config processor trust_remote
    type_of_model revision_of_model is_\w+_derived output_dir hub_ save saves_
    push datasets? test_datasets dataset_ pretrain shuffle skip_prepare
    num_dataset val_set eval evals_ do_ bench metric greater loss_watchdog
    early gc_collect seed strict resume auto_resume num_epochs max_steps
    warmup lr learning embedding_lr cosine adam_ weight_decay max_grad
    train_on group_by sample_packing multipack pad_to_sequence
    batch_flattening curriculum excess min_sample max_prompt streaming
    chat_template special_tokens tokens added_tokens eot default_system wandb
    use_wandb mlflow use_mlflow hf_ comet use_comet gradio trackio use_trackio
    use_tensorboard use_otel otel ray_ use_ray resources profiler include_
    logging load_best debug local_rank ddp(?:$|_timeout|_broadcast|_find)
    remove_unused dataloader accelerator_config gradient_checkpointing_kwargs
    flex_attn torch_compile_ ring_attn heads_k tf32 xformers noisy neftune
    dpo_ kto_ orpo_ simpo_ cpo_ rl_beta precompute center lora_fan
    lora_model_dir lora_ loraplus peft_init peft_ensure merge qlora_sharded
    bnb_config low_cpu image_resize role_ fix_untrained generate generation
    num_generation device$ jagged torchdistx mean_resizing use_pose pose
    dynamic_checkpoint cut_cross chunked_cross liger_use tiled_mlp
    scaling_softmax use_eaft eaft quantization axolotl total_ preprocess
    weight user_defined experimental relora_ lisa_ unsloth mcp reinit
    trainer_cls num_labels qgalore dion optimizer_ gc_steps
  `,
];
