import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format, Rule } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  counted,
  loadedIn,
  modules,
  same,
  switched,
  switchOf,
  unexpressed,
} from "../reading/rules.ts";
import { readSwitch } from "../reading/values.ts";
import { attentionRule } from "../reading/vocabulary/attention.ts";
import { bitsAndBytesRules } from "../reading/vocabulary/bitsandbytes.ts";
import { modelRule } from "../reading/vocabulary/model.ts";
import { trainerCall } from "./calls.ts";
import { openInstructCommand, trlCommand } from "./command.ts";
import {
  assumeObjective,
  isScoringLoss,
  OBJECTIVE_RULES,
  objectiveOf,
} from "./objective_rules.ts";
import {
  assumeTrainer,
  CHECKPOINTING_RULE,
  TRAINER_NEUTRAL,
  TRAINER_RULES,
  TRAINER_UNEXPRESSED,
} from "./trainer_rules.ts";
import {
  VISION_SCRIPT_NEUTRAL,
  VISION_SCRIPT_RULES,
} from "./vision_script_rules.ts";

/** Keys that TRL's SFTConfig adds. */
const SFT_KEYS = [
  "max_seq_length",
  "max_length",
  "packing",
  "packing_strategy",
  "padding_free",
  "eval_packing",
  "dataset_text_field",
  "dataset_num_proc",
  "dataset_kwargs",
  "assistant_only_loss",
  "completion_only_loss",
  "model_init_kwargs",
  "activation_offloading",
];

/** TRL's ModelConfig, whose settings its scripts take in the same file. */
const MODEL_CONFIG: readonly Rule[] = [
  modelRule(["model_name_or_path", "model_id"]),
  loadedIn([
    "dtype",
    "torch_dtype",
    "model_init_kwargs.dtype",
    "model_init_kwargs.torch_dtype",
  ]),
  attentionRule([
    "attn_implementation",
    "model_init_kwargs.attn_implementation",
  ]),
  switched("use_flash_attention_2", "train.attention", "flash"),
  {
    keys: ["use_peft"],
    fields: ["train.method"],
    values: "true → lora",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on !== null) draft.fact(setting, "adapters", on);
    },
  },
  ...[
    same("lora_r", "train.lora.rank"),
    same("lora_alpha", "train.lora.alpha"),
    same("lora_dropout", "train.lora.dropout"),
    modules("lora_target_modules", "train.lora.targets"),
    modules("lora_target_parameters", "train.lora.target_parameters"),
    modules("lora_modules_to_save", "train.lora.modules_to_save"),
    switched("use_rslora", "train.lora.rslora", true, false),
    switched("use_dora", "train.lora.dora", true, false),
  ].map((rule): Rule => ({
    ...rule,
    read: (setting, draft, all) => {
      // TRL's scripts look at them only with this switch.
      if (readSwitch(all.get("use_peft") ?? true) === false) {
        draft.leave(setting, "use_peft is off");
      } else rule.read(setting, draft, all);
    },
  })),
  ...bitsAndBytesRules({
    nested: ["use_bnb_nested_quant"],
    type: ["bnb_4bit_quant_type"],
  }),
];

/** What SFTConfig adds to TrainingArguments. */
const SFT_RULES: readonly Rule[] = [
  counted(["max_length", "max_seq_length"], "train.sequence_length"),
  {
    // Scripts of transformers and of FastChat's kin have their own names for it.
    keys: ["block_size", "model_max_length", "max_source_length"],
    fields: ["train.sequence_length"],
    values: "where max_length is not given",
    read: (setting, draft, all) => {
      if (all.has("max_length") || all.has("max_seq_length")) {
        draft.leave(setting, "max_length says it");
      } else {counted(setting.key, "train.sequence_length").read(
          setting,
          draft,
          all,
        );}
    },
  },
  counted(["max_target_length"], "train.target_length"),
  {
    keys: ["loss_type"],
    fields: ["train.loss", "train.loss_type"],
    values: "nll → full, chunked_nll → chunked; apo_zero_unpaired",
    read: (setting, draft) => {
      const type = plainText(setting.value);
      if (type === "apo_zero_unpaired") {
        draft.state(setting, "train.loss_type", type);
      } else if (type === "nll" || type === "dft") {
        if (draft.valueAt("train.loss") !== "fused") {
          draft.state(setting, "train.loss", "full");
        } else draft.leave(setting, "Liger fuses it");
        if (type === "dft") {
          draft.remark("train.loss", "full", "dft is taken as nll");
        }
      } else if (type === "chunked_nll") {
        draft.state(setting, "train.loss", "chunked");
      } else if (isScoringLoss(type)) {
        draft.leave(setting, "a loss of the same scores");
      } else draft.leave(setting, "not a loss that Headroom knows", true);
    },
  },
  {
    keys: ["activation_offloading"],
    fields: ["train.activation_offloading"],
    values: "true → streams",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on === false) draft.leave(setting, "switched off");
      if (on) draft.state(setting, "train.activation_offloading", "streams");
    },
  },
];

/** A file of transformers' TrainingArguments, TRL's SFTConfig or its scripts. */
export const trainingArgumentsFile: Format = {
  id: "training-arguments",
  title: "TrainingArguments",
  kind: "mapping",
  command: (started) => trlCommand(started) ?? openInstructCommand(started),
  calls: trainerCall,
  byFlags: true,
  recognises: (values) =>
    [
      "per_device_train_batch_size",
      "per_gpu_train_batch_size",
      "gradient_accumulation_steps",
      "gradient_checkpointing",
      "num_train_epochs",
      "optim",
      "learning_rate",
      "use_liger_kernel",
      "output_dir",
      "num_generations",
      "max_completion_length",
      "trl_trainer",
      ...SFT_KEYS,
    ].filter((key) => key in values).length > 0,
  rules: [
    counted("num_processes", "parallel.gpus"),
    ...MODEL_CONFIG,
    ...VISION_SCRIPT_RULES,
    ...TRAINER_RULES,
    CHECKPOINTING_RULE,
    ...SFT_RULES,
    ...OBJECTIVE_RULES,
    same("transformers_version", "software.transformers"),
    same("trl_version", "software.trl"),
  ],
  unexpressed: [
    ...TRAINER_UNEXPRESSED,
    unexpressed("device_map", "one GPU is estimated, as if it held the model"),
    unexpressed("lora_task_type", "no field says it", false),
    unexpressed(
      [
        "use_unsloth",
        "reference_model",
        "ref_model",
      ],
      "no field says it",
    ),
  ],
  neutral: [
    ...TRAINER_NEUTRAL,
    ...VISION_SCRIPT_NEUTRAL,
    anyKeyOf(KEY_END.wordOrSection)`
    dataset script chat_template eos_token pad_token packing padding_free
    eval_packing pad_to_multiple_of shuffle truncation assistant_only
    trust_remote model_revision model_code_revision base_model_revision
    model_type num_proc bos_token streaming bnb_4bit_quant_storage
    bnb_4bit_compute_dtype quantization_config token revision trl_script
    model_init_kwargs neftune reward_funcs reward_weights temperature top_p
    top_k min_p repetition_penalty epsilon scale_rewards mask_truncated
    log_completions num_completions_to_print sync_ref_model ref_model_mixup
    ref_model_sync label_smoothing
    desirable_weight undesirable_weight rpo_alpha f_divergence_type f_alpha
    discopop_tau center_rewards ddp_find cache_implementation
    truncation_mode padding_value label_pad_token_id disable_dropout
    reward_model_path judge missing_eos_penalty lmbda seq_kd max_new_tokens
    vllm_server vllm_guided vllm_structured vllm_tensor_parallel_size
    vllm_max_model_length vllm_importance top_entropy system_prompt
    no_remove_unused no_cuda low_cpu_mem_usage
  `,
  ],
  finish: finishTrainer,
};

function finishTrainer(draft: Draft, all: FileSettings): void {
  assumeTrainer(draft, all);
  assumeObjective(draft, all);
  const objective = objectiveOf(draft, all);
  if (objective === null && !SFT_KEYS.some((key) => all.has(key))) return;
  if (objective !== "grpo") {
    draft.assume(
      "train.sequence_length",
      1024,
      "max_length is 1024 where it is not given",
    );
  }
  if (!all.has("gradient_checkpointing")) {
    draft.assume(
      "train.checkpointing",
      "full",
      "TRL switches gradient_checkpointing on",
    );
  }
  if (!all.has("bf16") && readSwitch(all.get("fp16") ?? false) !== true) {
    draft.facts.set("mixed_precision", {
      value: "bf16",
      key: "TRL's default",
    });
    draft.remark(
      "precision.autocast",
      "bf16",
      "TRL switches bf16 on where fp16 is not",
    );
  }
  // trl/trainer/model_config.py: its own scripts load in float32.
  if (
    all.has("trl_script") && all.has("model_name_or_path") &&
    !draft.facts.has("loaded") && !all.raw("torch_dtype")
  ) {
    draft.facts.set("loaded", { value: "fp32", key: "dtype" });
    draft.remark("precision.weights", "fp32", "dtype is float32 by default");
  }
  if (all.has("use_peft") && readSwitch(all.get("use_peft")) === true) {
    draft.assume("train.lora.dropout", 0.05, "TRL's lora_dropout is 0.05");
  }
}
