import { stateAttention } from "../names/attention.ts";
import type { Draft } from "../draft/draft.ts";
import type { Format, Rule, Settings } from "../draft/format.ts";
import { modelRule } from "../names/model.ts";
import {
  counted,
  loadedIn,
  modules,
  same,
  switched,
  switchOf,
  unexpressed,
} from "../draft/rules.ts";
import {
  assumeAttention,
  assumeTrainer,
  TRAINER_NEUTRAL,
  TRAINER_RULES,
  TRAINER_UNEXPRESSED,
} from "../training_arguments/trainer_rules.ts";
import { isOff, readCount, readSwitch } from "../draft/values.ts";
import { plainText } from "../draft/plain_text.ts";

/** A switch that names an optimizer. */
function optimizerSwitch(key: string, name: string): Rule {
  return {
    keys: [key],
    fields: ["optimizer.name"],
    values: `true → ${name}`,
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "optimizer.name", name);
      else if (on === false) draft.leave(setting, "switched off");
    },
  };
}

const RULES: readonly Rule[] = [
  modelRule(["model_name_or_path"]),
  {
    keys: ["finetuning_type"],
    fields: ["train.method"],
    values: "lora, full",
    read: (setting, draft) => {
      switch (setting.value) {
        case "lora":
          return draft.fact(setting, "adapters", true);
        case "full":
          return draft.fact(setting, "adapters", false);
        case "freeze":
        case "oft":
          return draft.refuse(
            setting,
            "must be lora or full: no method of a scenario trains as this one",
          );
        default:
          return draft.refuse(setting, "must be lora, oft, freeze or full");
      }
    },
  },
  {
    keys: ["quantization_bit"],
    fields: ["quantization.weights", "train.method"],
    values:
      "4 → nf4-dq (nf4 without double_quantization), 8 → int8; hqq 4 → hqq-int4",
    read: (setting, draft, all) => {
      const bits = readCount(setting.value);
      const method = plainText(all.get("quantization_method") ?? "bnb")
        .toLowerCase().replace("bitsandbytes", "bnb");
      const twice = readSwitch(all.get("double_quantization") ?? true);
      if (method === "bnb" && bits === 4) {
        draft.state(setting, "quantization.weights", twice ? "nf4-dq" : "nf4");
      } else if (bits === 8 && (method === "bnb" || method === "eetq")) {
        draft.state(setting, "quantization.weights", "int8");
      } else if (bits === 4 && method === "hqq") {
        draft.state(setting, "quantization.weights", "hqq-int4");
      } else if (method === "hqq" && bits !== null && bits <= 8) {
        draft.refuse(setting, "must be 4 for hqq: other widths have no name");
      } else draft.refuse(setting, "must be 4 or 8");
    },
  },
  {
    keys: ["quantization_method", "quantization_type", "double_quantization"],
    fields: ["quantization.weights"],
    values: "bnb, hqq, eetq; nf4, fp4; false → nf4",
    read: (setting, draft, all) => {
      if (!all.has("quantization_bit")) {
        draft.leave(setting, "quantization_bit is not set");
      }
    },
  },
  same("lora_rank", "train.lora.rank"),
  same("lora_alpha", "train.lora.alpha"),
  same("lora_dropout", "train.lora.dropout"),
  modules("lora_target", "train.lora.targets"),
  modules("additional_target", "train.lora.modules_to_save"),
  switched("use_rslora", "train.lora.rslora", true, false),
  switched("use_dora", "train.lora.dora", true, false),
  counted("cutoff_len", "train.sequence_length"),
  {
    keys: ["flash_attn"],
    fields: ["train.attention"],
    values: "fa2, fa3 → flash; sdpa; disabled → eager; auto → sdpa, assumed",
    read: (setting, draft) => {
      // YAML 1.1 reads "off" and "on" as switches.
      const on = typeof setting.value === "boolean" ? setting.value : null;
      stateAttention(
        on === null ? setting : { ...setting, value: on ? "fa2" : "disabled" },
        draft,
      );
    },
  },
  switched(
    "disable_gradient_checkpointing",
    "train.checkpointing",
    "none",
    "full",
  ),
  {
    keys: ["gradient_checkpointing"],
    fields: ["train.checkpointing"],
    values: "false alone changes nothing: disable_gradient_checkpointing does",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "train.checkpointing", "full");
      else if (on === false) {
        draft.leave(
          setting,
          "LLaMA-Factory checkpoints unless disable_gradient_checkpointing",
        );
      }
    },
  },
  switched("use_unsloth_gc", "train.checkpoint_offload", true, false),
  {
    keys: ["pure_bf16"],
    fields: ["precision.weights", "train.lora.adapter_dtype"],
    values: "true → bf16 throughout",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      draft.state(setting, "precision.weights", "bf16");
      if (draft.facts.get("adapters")?.value !== false) {
        draft.state(setting, "train.lora.adapter_dtype", "bf16");
      }
    },
  },
  optimizerSwitch("use_galore", "galore"),
  optimizerSwitch("use_apollo", "apollo"),
  optimizerSwitch("use_adam_mini", "adam-mini"),
  optimizerSwitch("use_muon", "muon"),
  switched("galore_layerwise", "optimizer.in_backward", true),
  switched("apollo_layerwise", "optimizer.in_backward", true),
  {
    keys: ["zero_stage"],
    fields: ["engine.zero_stage", "engine.name"],
    values: "0 … 3",
    read: (setting, draft) => {
      draft.state(setting, "engine.name", "deepspeed");
      draft.state(setting, "engine.zero_stage", setting.value);
    },
  },
  {
    keys: ["image_max_pixels"],
    fields: ["train.image_size"],
    values: "pixels → the sides of a square, assumed",
    read: (setting, draft) => {
      const pixels = readCount(setting.value);
      if (pixels === null) {
        return draft.refuse(setting, "must be a whole number above 0");
      }
      const side = Math.max(1, Math.floor(Math.sqrt(pixels)));
      draft.assume(
        "train.image_size",
        [side, side],
        `${setting.key} allows a square of this side`,
      );
    },
  },
  loadedIn(["compute_dtype"]),
  ...["tensor", "pipeline", "context", "expert"].map((way) =>
    counted(
      way === "context"
        ? "context_parallel_size"
        : `${way}_model_parallel_size`,
      `parallel.${way === "pipeline" ? "pp" : `${way[0]}p`}`,
    )
  ),
  switched("sequence_parallel", "parallel.sequence_parallel", true, false),
  switched(
    "use_distributed_optimizer",
    "engine.distributed_optimizer",
    true,
    false,
  ),
];

/** LLaMA-Factory's YAML: src/llamafactory/hparams. */
export const llamaFactory: Format = {
  id: "llama-factory",
  title: "LLaMA-Factory",
  kind: "mapping",
  recognises: (values) =>
    "finetuning_type" in values || "cutoff_len" in values ||
    "quantization_bit" in values || "lora_rank" in values &&
      "model_name_or_path" in values ||
    "flash_attn" in values && !("base_model" in values) ||
    "stage" in values && "template" in values,
  rules: [...RULES, ...TRAINER_RULES],
  unexpressed: [
    ...TRAINER_UNEXPRESSED,
    {
      keys: ["stage"],
      reason:
        "one model and its loss are estimated; reference, reward and value models and paired answers are not",
      moves_memory: true,
    },
    unexpressed(
      [
        "upcast_layernorm",
        "upcast_lmhead_output",
        "resize_vocab",
        "mixture_of_depths",
        "use_unsloth",
        "use_kt",
        "use_badam",
        "use_llama_pro",
        "shift_attn",
        "use_mca",
        "use_megatron_bridge",
        "use_hyper_parallel",
        "ref_model",
        "reward_model",
        "adapter_name_or_path",
        "galore_rank",
        "galore_target",
        "galore_proj_type",
        "apollo_rank",
        "apollo_target",
        "apollo_proj_type",
        "freeze_trainable_layers",
        "freeze_trainable_modules",
        "freeze_extra_modules",
        "freeze_vision_tower",
        "freeze_multi_modal_projector",
        "freeze_language_model",
        "video_max_pixels",
        "video_maxlen",
        "use_asft_loss",
        "recompute_granularity",
        "mixed_precision",
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
  ],
  neutral: [
    ...TRAINER_NEUTRAL,
    /^(?:template|dataset|dataset_dir|media_dir|eval_dataset|max_samples|val_size|packing|neat_packing|train_on_prompt|mask_history|streaming|buffer_size|mix_strategy|interleave_probs|overwrite_cache|tool_format|default_system|enable_thinking|preserve_thinking|tokenized_path|plot_loss|compute_accuracy|disable_shuffling|trust_remote_code|cache_dir|use_fast_tokenizer|split_special_tokens|add_tokens|add_special_tokens|new_special_tokens_config|init_special_tokens|model_revision|low_cpu_mem_usage|rope_scaling|train_from_scratch|offload_folder|use_kv_cache|print_param_status|create_new_adapter|additional_config|data_shared_file_system|eval_num_beams|use_reentrant_gc|adapter_folder|use_v1_kernels|model_max_length)$/,
    /^(?:preprocessing|overlap|master|ignore_pad|infer|image|video|audio|crop|use_audio|use_swanlab|swanlab|ray|loraplus|pissa|oft|module_dropout|pref|dpo|kto|simpo|ppo|ld_alpha|ref_model|reward_model|badam|galore|apollo|use_dft|use_eaft|eaft|asft|vllm|sglang|export|kt|hf_hub|ms_hub|om_hub|enable_torch_profiler|profiler|profile|placement|resources|freeze|hyper_parallel|megatron_bridge|early|use_ray|temperature|top|num_beams|max_new|max_length|repetition|length_penalty|skip_special)(?:_|$)/,
    /^do_(?:train|eval|predict)$/,
  ],
  finish: finishLlamaFactory,
};

function finishLlamaFactory(draft: Draft, all: Settings): void {
  assumeTrainer(draft, all);
  assumeAttention(draft);
  const stage = all.get("stage");
  if (stage === "sft" || stage === "pt") {
    const at = draft.ignored.findIndex(({ key }) => key.endsWith("stage"));
    if (at >= 0) {
      draft.ignored[at] = {
        key: "stage",
        value: `"${stage}"`,
        reason: "one model and its loss are estimated, as here",
        moves_memory: false,
      };
    }
  }
  // model/loader.py: other stages need the logits, and Liger's fused loss is off.
  const loss = draft.stated.get("train.loss");
  if (
    loss?.key.endsWith("enable_liger_kernel") && typeof stage === "string" &&
    stage !== "sft" && stage !== "pt"
  ) {
    draft.stated.set("train.loss", { ...loss, value: "full" });
    const said = draft.understood.find(({ key, path }) =>
      key === loss.key && path === "train.loss"
    );
    if (said) said.becomes = "full";
    draft.remark(
      "train.loss",
      "full",
      `stage ${stage} needs the logits, so Liger's fused loss is off`,
    );
  }
  for (
    const [path, value, reason] of [
      ["train.sequence_length", 2048, "cutoff_len is 2048"],
      ["train.checkpointing", "full", "LLaMA-Factory checkpoints"],
      ["train.lora.rank", 8, "lora_rank is 8"],
      ["train.lora.targets", "all-linear", "lora_target is all"],
    ] as const
  ) {
    draft.assume(path, value, `${reason} where the file does not say`);
  }
  const rank = Number(draft.valueAt("train.lora.rank"));
  if (Number.isInteger(rank)) {
    draft.assume("train.lora.alpha", 2 * rank, "lora_alpha is twice lora_rank");
  }
  if (!draft.facts.has("adapters") && !all.has("finetuning_type")) {
    draft.facts.set("adapters", { value: true, key: "finetuning_type" });
    draft.remark("train.method", "lora", "finetuning_type is lora by default");
  }
  if (all.has("tensor_model_parallel_size")) {
    draft.assume("engine.name", "megatron", "the sizes are Megatron's");
  }
  const quantized = draft.stated.get("quantization.weights");
  if (quantized && draft.facts.get("adapters")?.value === false) {
    draft.problems.push({
      path: quantized.key,
      message:
        `${quantized.key} and finetuning_type contradict each other: LLaMA-Factory trains quantized weights with lora alone, not full`,
    });
  }
  draft.assume(
    "quantization.kbit_upcast",
    false,
    "LLaMA-Factory leaves the rest of a quantized model in its type",
  );
  const pure = readSwitch(all.get("pure_bf16") ?? false) === true;
  if (!pure && !isOff(all.get("bf16") ?? all.get("fp16") ?? false)) {
    draft.facts.set("trainable_fp32", {
      value: true,
      key: "LLaMA-Factory without pure_bf16",
    });
  }
}
