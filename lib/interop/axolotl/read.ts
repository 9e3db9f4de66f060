import { attentionRule } from "../names/attention.ts";
import { PLUGIN_RULES } from "./plugins.ts";
import type { Draft } from "../draft/draft.ts";
import type { Format, Rule, Settings } from "../draft/format.ts";
import {
  FSDP_NEUTRAL,
  fsdpRules,
  fsdpUnexpressed,
  versionRule,
} from "../fsdp/rules.ts";
import { modelRule } from "../names/model.ts";
import { optimizerRule } from "../names/optimizer_names.ts";
import { bitsAndBytesRules } from "../bitsandbytes/rules.ts";
import {
  counted,
  modules,
  same,
  stateCheckpointing,
  switched,
  switchOf,
  unexpressed,
} from "../draft/rules.ts";
import {
  DEEPSPEED_RULE,
  FSDP_RULE,
} from "../training_arguments/trainer_rules.ts";
import { isOff, readCount, readSwitch } from "../draft/values.ts";
import { plainText } from "../draft/plain_text.ts";

/** An old switch of one attention kernel. */
function kernelSwitch(key: string, kernel: string): Rule {
  return switched(key, "train.attention", kernel);
}

/** Types without autocast. */
function wholly(key: string, type: "bf16" | "fp16" | "fp32"): Rule {
  return {
    keys: [key],
    fields: ["precision.weights"],
    values: `true → ${type}, without autocast`,
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      draft.fact(setting, "loaded", type);
      const mixed = draft.facts.get("mixed_precision")?.value;
      // Beside bf16 or fp16 of the same type it says no more than they do.
      if (mixed !== type) draft.fact(setting, "mixed_precision", "no");
    },
  };
}

const RULES: readonly Rule[] = [
  modelRule(["base_model"]),
  {
    keys: ["adapter"],
    fields: ["train.method"],
    values: "lora, qlora; none → full",
    read: (setting, draft) => {
      const name = plainText(setting.value).toLowerCase();
      if (name === "lora" || name === "qlora") {
        draft.fact(setting, "adapters", true);
      } else if (isOff(setting.value)) draft.fact(setting, "adapters", false);
      else {
        draft.refuse(
          setting,
          "must be lora or qlora: no method of a scenario trains otherwise",
        );
      }
    },
  },
  ...bitsAndBytesRules({
    nested: ["bnb_config_kwargs.bnb_4bit_use_double_quant"],
    nestedByDefault: true,
    type: ["bnb_config_kwargs.bnb_4bit_quant_type"],
  }),
  switched("gptq", "quantization.weights", "gptq-int4"),
  same("lora_r", "train.lora.rank"),
  same("lora_alpha", "train.lora.alpha"),
  same("lora_dropout", "train.lora.dropout"),
  {
    keys: ["lora_target_linear"],
    fields: ["train.lora.targets"],
    values: "true → all-linear",
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      // Axolotl adds what is named to all linear layers.
      if (!isOff(all.get("lora_target_modules") ?? "")) {
        draft.remark(
          "train.lora.targets",
          "all-linear",
          "lora_target_linear holds beside lora_target_modules",
        );
      }
      draft.state(setting, "train.lora.targets", "all-linear");
    },
  },
  {
    ...modules("lora_target_modules", "train.lora.targets"),
    read: (setting, draft, all) => {
      if (readSwitch(all.get("lora_target_linear")) === true) {
        draft.leave(setting, "lora_target_linear takes every linear layer");
      } else {
        modules("lora_target_modules", "train.lora.targets")
          .read(setting, draft, all);
      }
    },
  },
  modules("lora_target_parameters", "train.lora.target_parameters"),
  modules("lora_modules_to_save", "train.lora.modules_to_save"),
  switched("peft_use_dora", "train.lora.dora", true, false),
  switched("peft_use_rslora", "train.lora.rslora", true, false),
  switched(
    "peft_autocast_adapter_dtype",
    "train.lora.adapter_dtype",
    "fp32",
    "bf16",
  ),
  counted("sequence_len", "train.sequence_length"),
  counted("micro_batch_size", "train.micro_batch"),
  counted("gradient_accumulation_steps", "train.gradient_accumulation"),
  {
    keys: ["batch_size"],
    fields: ["train.gradient_accumulation"],
    values: "÷ micro_batch_size",
    read: (setting, draft, all) => {
      const batch = readCount(setting.value);
      const micro = readCount(all.get("micro_batch_size") ?? 1);
      if (batch === null || micro === null || batch % micro !== 0) {
        draft.refuse(setting, `must be a multiple of micro_batch_size`);
      } else {
        draft.state(setting, "train.gradient_accumulation", batch / micro);
      }
    },
  },
  {
    keys: ["bf16"],
    fields: ["precision.autocast", "precision.weights"],
    values: "true, full → bf16; auto → bf16, assumed",
    read: (setting, draft) => {
      if (setting.value === "auto") {
        draft.facts.set("mixed_precision", { value: "bf16", key: setting.key });
        draft.facts.set("loaded", { value: "bf16", key: setting.key });
        draft.remark(
          "precision.autocast",
          "bf16",
          "bf16 is auto: GPUs since Ampere have it",
        );
        return;
      }
      const on = setting.value === "full" || switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      draft.fact(setting, "mixed_precision", "bf16");
      draft.fact(setting, "loaded", "bf16");
    },
  },
  {
    keys: ["fp16"],
    fields: ["precision.autocast", "precision.weights"],
    values: "true → fp16",
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      if (all.get("bf16") === "auto") {
        return draft.leave(setting, "bf16 is auto and wins where GPUs have it");
      }
      draft.fact(setting, "mixed_precision", "fp16");
      draft.fact(setting, "loaded", "fp16");
    },
  },
  wholly("bfloat16", "bf16"),
  wholly("float16", "fp16"),
  wholly("float32", "fp32"),
  {
    keys: ["gradient_checkpointing"],
    fields: ["train.checkpointing", "train.checkpoint_offload"],
    values: "true → full; offload, offload_disk, unsloth → kept on the host",
    read: (setting, draft) => {
      const { value } = setting;
      if (value === "offload" || value === "unsloth") {
        draft.state(setting, "train.checkpointing", "full");
        draft.state(setting, "train.checkpoint_offload", true);
      } else if (value === "offload_disk") {
        draft.state(setting, "train.checkpointing", "full");
        draft.state(setting, "train.checkpoint_offload", true);
        draft.remark(
          "train.checkpoint_offload",
          "true",
          "checkpoints on a disk leave the GPU as those on the host do",
        );
      } else {
        const on = switchOf(setting, draft);
        if (on !== null) stateCheckpointing(setting, draft, on);
      }
    },
  },
  attentionRule(["attn_implementation"]),
  kernelSwitch("flash_attention", "flash"),
  kernelSwitch("sdp_attention", "sdpa"),
  kernelSwitch("eager_attention", "eager"),
  kernelSwitch("xformers_attention", "flash"),
  kernelSwitch("flex_attention", "flash"),
  kernelSwitch("sage_attention", "flash"),
  optimizerRule(["optimizer"]),
  ...PLUGIN_RULES,
  {
    keys: ["torch_compile"],
    fields: ["train.kernels"],
    values: "true → compile",
    read: (setting, draft) => {
      const on = setting.value === "auto" ? false : switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      if (draft.valueAt("train.kernels") === "liger") {
        draft.leave(setting, "liger's kernels are counted alone", true);
      } else draft.state(setting, "train.kernels", "compile");
    },
  },
  DEEPSPEED_RULE,
  FSDP_RULE,
  versionRule("fsdp_version"),
  ...fsdpRules("fsdp_config"),
  counted("tensor_parallel_size", "parallel.tp"),
  counted(["context_parallel_size", "sequence_parallel_degree"], "parallel.cp"),
  counted("expert_parallel_size", "parallel.ep"),
  same("image_size", "train.image_size"),
  {
    keys: ["world_size"],
    fields: ["parallel.gpus"],
    read: (setting, draft) =>
      draft.state(setting, "parallel.gpus", setting.value),
  },
  {
    keys: ["dp_shard_size", "dp_replicate_size"],
    fields: ["parallel.gpus"],
    values: "× tensor_parallel_size × context_parallel_size",
    read: (setting, draft, all) => {
      const count = (key: string): number =>
        readCount(all.get(key) ?? 1) ?? NaN;
      const gpus = count("dp_shard_size") * count("dp_replicate_size") *
        count("tensor_parallel_size") *
        (all.has("context_parallel_size")
          ? count("context_parallel_size")
          : count("sequence_parallel_degree"));
      if (Number.isNaN(gpus)) {
        draft.refuse(setting, "must be a whole number above 0");
      } else draft.state(setting, "parallel.gpus", gpus);
    },
  },
];

/** Axolotl's YAML: src/axolotl/utils/schemas. */
export const axolotl: Format = {
  id: "axolotl",
  title: "Axolotl",
  kind: "mapping",
  recognises: (values) =>
    "base_model" in values ||
    ("micro_batch_size" in values || "sequence_len" in values) &&
      ("adapter" in values || "sequence_len" in values ||
        "datasets" in values),
  rules: RULES,
  unexpressed: [
    ...fsdpUnexpressed("fsdp_config"),
    unexpressed(
      ["rl", "reward_model", "process_reward_model", "trl", "vllm", "ebft"],
      "reference and reward models, paired answers and rollouts are not estimated",
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
        "activation_offloading",
        "layer_offloading",
        "tiled_mlp",
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
        "embeddings_skip_upcast",
        "unfrozen_parameters",
        "freeze_mm_modules",
        "peft_layers_to_transform",
        "peft_layers_pattern",
        "peft_layer_replication",
        "peft_trainable_token_indices",
        "peft.loftq_config",
        "relora",
        "lisa_n_layers",
        "qat",
        "quantize_moe_experts",
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
        "optim_args",
        "optim_target_modules",
        "overrides_of_model_config",
        "overrides_of_model_kwargs",
        "auto_find_batch_size",
        "ddp_bucket_cap_mb",
        "torch_empty_cache_steps",
        "gc_steps",
        "deepcompile",
        "use_onebitllms",
        "pad_to_multiple_of",
        "s2_attention",
        "eval_batch_size",
      ],
      "no field says it",
    ),
    unexpressed(
      ["fp8", "fp8_enable_fsdp_float8_all_gather"],
      "computing in fp8 is not known",
    ),
  ],
  neutral: [
    ...FSDP_NEUTRAL,
    /^(?:swanlab|use_swanlab|expert_parallel_|model_config|base_model_ignore|eta_min|gptq_|capabilities|env_capabilities|fsdp_final_state_dict_type|tokenizer|model_type|cls_model|base_model_config|processor|trust_remote|type_of_model|revision_of_model|is_\w+_derived|output_dir|hub_|save|saves_|push|datasets?|test_datasets|dataset_|pretrain|shuffle|skip_prepare|num_dataset|val_set|eval|evals_|do_|bench|metric|greater|loss_watchdog|early|gc_collect|seed|strict|resume|auto_resume|num_epochs|max_steps|warmup|lr|learning|embedding_lr|cosine|adam_|weight_decay|max_grad|train_on|group_by|sample_packing|multipack|pad_to_sequence|batch_flattening|curriculum|excess|min_sample|max_prompt|streaming|chat_template|special_tokens|tokens|added_tokens|eot|default_system|wandb|use_wandb|mlflow|use_mlflow|hf_|comet|use_comet|gradio|trackio|use_trackio|use_tensorboard|use_otel|otel|ray_|use_ray|resources|profiler|include_|logging|load_best|debug|local_rank|ddp(?:$|_timeout|_broadcast|_find)|remove_unused|dataloader|accelerator_config|gradient_checkpointing_kwargs|flex_attn|torch_compile_|ring_attn|heads_k|tf32|xformers|noisy|neftune|dpo_|kto_|orpo_|simpo_|cpo_|rl_beta|precompute|center|lora_fan|lora_model_dir|lora_|loraplus|peft_init|peft_ensure|merge|qlora_sharded|bnb_config|low_cpu|image_resize|role_|fix_untrained|generate|generation|num_generation|device$|jagged|torchdistx|mean_resizing|use_pose|pose|dynamic_checkpoint|cut_cross|chunked_cross|liger_use|tiled_mlp|scaling_softmax|use_eaft|eaft|quantization|axolotl|total_|preprocess|weight|user_defined|experimental|relora_|lisa_|unsloth|mcp|reinit|trainer_cls|num_labels|qgalore|dion|optimizer_)/,
  ],
  finish: finishAxolotl,
};

function finishAxolotl(draft: Draft, all: Settings): void {
  draft.assume("train.micro_batch", 1, "micro_batch_size is 1 by default");
  draft.assume("train.sequence_length", 512, "sequence_len is 512 by default");
  draft.assume(
    "train.attention",
    "sdpa",
    "transformers takes sdpa where no kernel is named",
  );
  if (!all.has("optimizer")) {
    draft.assume(
      "optimizer.implementation",
      "fused",
      "optimizer is adamw_torch_fused by default",
    );
  }
  const adapter = all.get("adapter");
  const quantized = draft.stated.get("quantization.weights");
  if (adapter === "qlora" && !quantized) {
    draft.assume(
      "quantization.weights",
      readSwitch(all.get("bnb_config_kwargs.bnb_4bit_use_double_quant")) ===
          false
        ? "nf4"
        : "nf4-dq",
      "adapter is qlora, which needs load_in_4bit",
    );
  }
  if (adapter === "qlora" && quantized?.value === "int8") {
    draft.problems.push({
      path: quantized.key,
      message:
        `${quantized.key} and adapter contradict each other: qlora is trained over 4-bit weights`,
    });
  }
  if (quantized && isOff(adapter ?? "")) {
    draft.problems.push({
      path: quantized.key,
      message:
        `${quantized.key} needs an adapter: Axolotl trains quantized weights with adapters alone`,
    });
  }
  draft.assume(
    "quantization.kbit_upcast",
    false,
    "Axolotl casts norms, embeddings and the head back to its own type",
  );
  if (all.has("adapter")) {
    draft.assume("train.lora.dropout", 0, "lora_dropout is 0 by default");
  }
  if (draft.facts.has("loaded") || all.has("bf16") || all.has("fp16")) return;
  draft.facts.set("mixed_precision", { value: "bf16", key: "bf16" });
  draft.facts.set("loaded", { value: "bf16", key: "bf16" });
  draft.remark("precision.autocast", "bf16", "bf16 is auto by default");
}
