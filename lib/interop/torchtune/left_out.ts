import type { Unexpressed } from "../reading/format.ts";
import { anyKeyOf } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";

/** Settings that move memory and have no field, or none that says all. */
export const TORCHTUNE_UNEXPRESSED: readonly Unexpressed[] = [
  unexpressed(
    [
      "ref_checkpointer",
      "reference_checkpointer",
      "reward_and_value_model",
      "value_model",
    ],
    "a second model beside the trained one is not estimated",
  ),
  unexpressed(
    [
      "custom_sharded_layers",
      "ac_option",
      "use_fp32_acc",
      "fsdp.cpu_offload",
      "memory_efficient_fsdp_wrap",
      "use_flex",
      "policy_model",
      "enable_kv_cache",
      "grpo_samples",
      "forward_batch_size",
      "max_generated_tokens",
    ],
    "no field says it",
  ),
  unexpressed(
    "data_parallel_shard_dim",
    "the GPUs that replicas leave share the shards",
    false,
  ),
  unexpressed(
    [
      "model.pos_embeddings",
      "model.decoder_trainable",
      "model.encoder_trainable",
      "model.fusion_trainable",
      "model.image_size",
    ],
    "no field says it",
  ),
];

/** Settings that decide no memory of a training step. */
export const TORCHTUNE_NEUTRAL: readonly RegExp[] = [
  anyKeyOf()`
    output_dir tokenizer dataset dataset_val seed shuffle checkpointer
    teacher_checkpointer resume_from_checkpoint save_adapter_weights_only
    epochs optimizer lr_scheduler loss kd_loss kd_ratio max_steps_per_epoch
    clip_grad_norm device cudnn_deterministic_mode metric_logger log_ profiler
    low_cpu_ram run_val_every_n_steps batch_size_val collate_fn packed
    max_seq_len enable_async_checkpointing keep_last_n_checkpoints save_every
    context_parallel_rotate_method tensor_parallel_plan async router num_
    model_type anchor prompt activation_dtype
    model\.(?:max_seq_len|attn_dropout|apply_lora_to)
  `,
];
