import type { Unexpressed } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { unexpressed } from "../reading/rules.ts";
import {
  TRAINER_NEUTRAL,
  TRAINER_UNEXPRESSED,
} from "../training_arguments/trainer_rules.ts";

/** Settings that move memory and have no field, or none that says all. */
export const LLAMA_FACTORY_UNEXPRESSED: readonly Unexpressed[] = [
  ...TRAINER_UNEXPRESSED,
  unexpressed(
    [
      "upcast_layernorm",
      "upcast_lmhead_output",
      "resize_vocab",
      "mixture_of_depths",
      "use_unsloth",
      "use_kt",
      "use_llama_pro",
      "shift_attn",
      "use_hyper_parallel",
      "ref_model",
      "reward_model",
      "adapter_name_or_path",
      "video_max_pixels",
      "video_maxlen",
      "use_asft_loss",
      "use_packed_sequences",
      "bias_activation_fusion",
      "apply_rope_fusion",
      "moe_grouped_gemm",
      "moe_token_dispatcher_type",
      "device_map",
      "quantization_device_map",
      "moe_aux_loss_coef",
      "block_diag_attn",
    ],
    "no field says it",
  ),
];

/** Settings that decide no memory of a training step. */
export const LLAMA_FACTORY_NEUTRAL: readonly RegExp[] = [
  ...TRAINER_NEUTRAL,
  anyKeyOf(KEY_END.whole)`
    template dataset dataset_dir media_dir eval_dataset max_samples val_size
    packing neat_packing train_on_prompt mask_history streaming buffer_size
    mix_strategy interleave_probs overwrite_cache tool_format default_system
    enable_thinking preserve_thinking tokenized_path plot_loss
    compute_accuracy disable_shuffling trust_remote_code cache_dir
    use_fast_tokenizer split_special_tokens add_tokens add_special_tokens
    new_special_tokens_config init_special_tokens model_revision
    low_cpu_mem_usage rope_scaling train_from_scratch offload_folder
    use_kv_cache print_param_status create_new_adapter additional_config
    data_shared_file_system eval_num_beams use_reentrant_gc adapter_folder
    use_v1_kernels model_max_length
  `,
  anyKeyOf(KEY_END.word)`
    preprocessing overlap_p2p overlap_param master ignore_pad infer image video audio crop
    use_audio use_swanlab swanlab ray loraplus pissa oft module_dropout pref
    dpo kto simpo ppo ld_alpha ref_model reward_model badam galore apollo
    use_dft use_eaft eaft asft vllm sglang export kt hf_hub ms_hub om_hub
    enable_torch_profiler profiler profile placement resources freeze
    hyper_parallel megatron_bridge early use_ray temperature top num_beams
    max_new max_length repetition length_penalty skip_special
  `,
  /^do_(?:train|eval|predict)$/,
];
