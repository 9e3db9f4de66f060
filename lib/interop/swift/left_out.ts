import type { Unexpressed } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";

/** Settings of both that move memory and have no field, or none that says all. */
export const SWIFT_UNEXPRESSED: readonly Unexpressed[] = [
  unexpressed(
    ["VIDEO_MAX_PIXELS", "VIDEO_MAX_TOKEN_NUM", "FPS_MAX_FRAMES"],
    "frames of videos have no field",
  ),
  unexpressed(
    [
      "offload_model",
      "offload_optimizer",
      "offload_teacher_model",
      "offload_bridge",
      "move_model_batches",
    ],
    "what waits on the host while completions are made has no field",
  ),
  unexpressed(
    [
      "ref_model",
      "ref_adapters",
      "reward_model",
      "reward_model_plugin",
      "teacher_adapters",
      "teacher_deepspeed",
    ],
    "a second model beside the trained one is counted as the objective has it",
  ),
  unexpressed(
    [
      "adapters",
      "new_special_tokens",
      "rope_scaling",
      "vit_gradient_checkpointing",
      "vit_attn_impl",
      "num_labels",
      "experts_impl",
      "video_max_pixels",
      "language_model_only",
      "device_map",
      "max_memory",
      "vllm_enable_lora",
      "vllm_max_model_len",
      "vllm_tensor_parallel_size",
      "vllm_max_num_seqs",
      "galore_with_embedding",
      "lisa_activated_layers",
      "reft_intervention_type",
      "llamapro_num_new_blocks",
      "use_logits_to_keep",
      "use_liger_loss",
      "tuner_backend",
      "zero_hpz_partition_size",
      "init_weights",
      "optimizer_name",
      "multimodal_attn_impl",
    ],
    "no field says it",
  ),
];

/** Settings of both that decide no memory of a training step. */
export const SWIFT_NEUTRAL: readonly RegExp[] = [
  anyKeyOf(KEY_END.wordOrSection)`
    dataset val_dataset eval_dataset cached_dataset cached_val_dataset
    split_dataset_ratio dataset_num_proc load_from_cache_file columns
    strict lazy_tokenize streaming interleave_prob stopping_strategy shuffle
    train_dataloader_shuffle system template template_type truncation_strategy
    agent_template enable_thinking add_non_thinking_prefix use_chat_template
    loss_scale norm_bbox response_prefix model_author model_name model_type
    model_revision model_kwargs use_hf hub_token check_model add_version
    load_args load_data_args create_checkpoint_symlink save_only_model stream
    external_plugins reward_funcs reward_weights log_completions overlong_filter
    epsilon epsilon_high delta beta rpo_alpha loss_type lmbda
    sft_alpha seq_kd temperature top_p top_k repetition_penalty max_new_tokens
    importance_sampling_level dynamic_sample max_resample_times async_generate
    multi_turn_scheduler max_turns use_gym_env gym_env vllm_server_host
    vllm_server_port vllm_server_timeout vllm_server_pass_dataset
    vllm_enforce_eager vllm_enable_prefix_caching vllm_data_parallel_size
    vllm_limit_mm_per_prompt vllm_use_async_engine vllm_disable infer_backend
    generation_batch_size desirable_weight
    undesirable_weight center_rewards_coefficient cosine_\w+ soft_\w+
    repetition_n_grams repetition_max_penalty advantage_estimator scale_rewards
    kl_in_reward kl_coef sync_ref_model top_entropy_quantile log_entropy
    tau_pos tau_neg fipo_\w+ label_smoothing simpo_gamma cpo_alpha
    swift_command safe_serialization packing packing_length padding_free
    truncation max_epochs vit_lr aligner_lr early_stop_interval
    problem_type lora_ga_\w+ router_aux_loss_coef metric metric_for_best_model
    group_by_length acc_strategy predict_with_generate eval_\w+ swanlab_\w+
    callbacks loss_weights tuner_type_\w+ enable_dft_loss enable_channel_loss
    log_rollout_offpolicy_metrics data_seed remove_unused_columns
    dataloader_\w+ gkd_logits_topk teacher_model_server max_logprobs
    mcore_adapter mcore_model use_ray model_server ref_model_revision
    lorap_lr_ratio lora_plus_lr_ratio dataset_shuffle val_dataset_shuffle
    custom_register_path custom_dataset_info quant_method hqq_axis
    vllm_engine_kwargs vllm_speculative_config rescale_image loss_name
    response_length whiten_rewards num_ppo_epochs stop_words use_flash_attn
    use_fast_tokenizer ddp_find_unused_parameters save_safetensors
    max_grad_norm deepspeed_autotp
  `,
];
