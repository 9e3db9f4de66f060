import { stateDeepspeedFile } from "../deepspeed/named_file.ts";
import type { Format, Rule } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import {
  counted,
  countedFact,
  mixedIn,
  modules,
  same,
  switched,
  switchOf,
  unexpressed,
} from "../reading/rules.ts";
import { plainText } from "../reading/plain_text.ts";
import { readCount, readSwitch } from "../reading/values.ts";
import { attentionRule } from "../reading/vocabulary/attention.ts";
import { modelRule } from "../reading/vocabulary/model.ts";
import { stateOptimizer } from "../reading/vocabulary/optimizer_names.ts";

/**
 * Checkpoints beside the ranks' own parts, of a whole state dict; what a DeepSpeed
 * file says of its stage 3 is read there.
 *
 * Source: hiyouga/LlamaFactory src/llamafactory/v1/plugins/trainer_plugins/
 * distributed/fsdp2.py, save_checkpoint
 */
const SAVED_RULE: Rule = {
  keys: ["save_ckpt_as_hf"],
  fields: ["train.saving.gathers"],
  values: "true → host, of dist_config fsdp2",
  read: (setting, draft, all) => {
    const on = switchOf(setting, draft);
    if (on === null) return;
    if (on && plainText(all.get("dist_config.name")) === "fsdp2") {
      draft.state(setting, "train.saving.gathers", "host");
    } else draft.leave(setting, "ranks write what they hold");
  },
};

/** The YAML of LLaMA-Factory's second program: src/llamafactory/v1/config. */
export const llamaFactoryV1File: Format = {
  id: "llama-factory-v1",
  title: "LLaMA-Factory v1",
  kind: "mapping",
  recognises: (values) =>
    typeof values["model"] === "string" &&
    ["model_class", "train_dataset", "dist_config", "peft_config"]
      .some((key) => key in values),
  rules: [
    modelRule(["model"]),
    {
      keys: ["peft_config.name"],
      fields: ["train.method"],
      values: "lora",
      read: (setting, draft) => {
        if (setting.value === "lora") draft.fact(setting, "adapters", true);
        else {
          draft.refuse(
            setting,
            "must be lora: no method of a scenario trains as this one",
          );
        }
      },
    },
    same("peft_config.r", "train.lora.rank"),
    same("peft_config.lora_alpha", "train.lora.alpha"),
    same("peft_config.lora_dropout", "train.lora.dropout"),
    modules("peft_config.target_modules", "train.lora.targets"),
    {
      keys: ["quant_config.quantization_bit"],
      fields: ["quantization.weights", "train.method"],
      values: "4 → nf4-dq (nf4 without double_quantization), 8 → int8",
      read: (setting, draft, all) => {
        const bits = readCount(setting.value);
        const twice =
          readSwitch(all.get("quant_config.double_quantization") ?? true) !==
            false;
        if (bits === 4) {
          draft.state(
            setting,
            "quantization.weights",
            twice ? "nf4-dq" : "nf4",
          );
        } else if (bits === 8) {
          draft.state(setting, "quantization.weights", "int8");
        } else draft.refuse(setting, "must be 4 or 8");
      },
    },
    {
      keys: ["quant_config.double_quantization"],
      fields: ["quantization.weights"],
      values: "false → nf4",
      read: (setting, draft, all) => {
        if (!all.has("quant_config.quantization_bit")) {
          draft.leave(setting, "quant_config.quantization_bit is not set");
        }
      },
    },
    {
      keys: ["kernel_config.require_logits"],
      fields: ["train.loss"],
      values: "false → fused",
      read: (setting, draft, all) => {
        if (all.get("kernel_config.name") !== "liger_kernel") {
          draft.leave(setting, "kernel_config.name is not liger_kernel");
        }
      },
    },
    {
      keys: ["dist_config.name"],
      fields: ["engine.name"],
      values: "fsdp2, deepspeed",
      read: (setting, draft) => {
        if (setting.value === "fsdp2" || setting.value === "deepspeed") {
          draft.state(setting, "engine.name", setting.value);
        } else draft.leave(setting, "not an engine that Headroom knows", true);
      },
    },
    {
      keys: ["dist_config.config_file"],
      fields: ["engine.name", "engine.zero_stage"],
      values: "its name tells the stage; give the file too",
      read: stateDeepspeedFile,
    },
    {
      // v1/core/model_engine.py asks for logits whenever it trains, and Liger's
      // fused loss is off then.
      keys: ["kernel_config.name"],
      fields: ["train.kernels", "train.loss"],
      values: "liger_kernel → liger; fused where require_logits is false",
      read: (setting, draft, all) => {
        if (setting.value === "liger_kernel") {
          draft.state(setting, "train.kernels", "liger");
          const logits = readSwitch(all.get("kernel_config.require_logits"));
          draft.state(
            setting,
            "train.loss",
            logits === false ? "fused" : "full",
          );
        } else {
          draft.leave(setting, "which kernels it picks is not known", true);
        }
      },
    },
    {
      keys: ["optim_config.name"],
      fields: ["optimizer.name"],
      values: "muon …",
      read: (setting, draft) => stateOptimizer(setting, draft),
    },
    counted("micro_batch_size", "train.micro_batch"),
    countedFact("global_batch_size", "global_batch", [
      "train.gradient_accumulation",
    ]),
    counted("cutoff_len", "train.sequence_length"),
    mixedIn("bf16", "bf16"),
    switched(
      "enable_activation_checkpointing",
      "train.checkpointing",
      "full",
      "none",
    ),
    attentionRule(["flash_attn"]),
    counted("cp_size", "parallel.cp"),
    SAVED_RULE,
  ],
  unexpressed: [
    unexpressed(
      ["batching_strategy", "mp_replicate_size", "mp_shard_size", "dp_size"],
      "no field says it",
    ),
    unexpressed(
      ["dist_config.ep_size", "dist_config.ep_dispatcher", "stage"],
      "no field says it",
    ),
    unexpressed(
      ["kernel_config.include_kernels", "kernel_config.chunk_size"],
      "kernels are counted together",
    ),
  ],
  neutral: [
    anyKeyOf(KEY_END.section)`
    model_class trust_remote_code custom_chat_template train_dataset
    eval_dataset output_dir learning_rate num_train_epochs max_steps
    max_grad_norm batching_workers cp_mode dist_timeout lr_scheduler_config
    seed full_determinism resume_from_checkpoint logging_steps report_to
    save_\w+ sample_backend max_new_tokens plot_loss template bf16
  `,
    anyKeyOf()`
    init_config optim_config dist_config\.dcp_path quant_config\.name
    peft_config\.(?:adapter_name_or_path|export\w*|infer_dtype|bias|task_type)
  `,
  ],
  finish: (draft, all) => {
    draft.assume("train.micro_batch", 1, "micro_batch_size is 1 by default");
    draft.assume(
      "train.sequence_length",
      2048,
      "cutoff_len is 2048 by default",
    );
    draft.assume("train.attention", "sdpa", "flash_attn is sdpa by default");
    draft.assume(
      "train.checkpointing",
      "full",
      "enable_activation_checkpointing is on by default",
    );
    if (!all.has("bf16")) {
      draft.facts.set("mixed_precision", { value: "bf16", key: "bf16" });
      draft.remark("precision.autocast", "bf16", "bf16 is on by default");
    }
    if (!draft.facts.has("adapters") && !all.has("quant_config")) {
      draft.facts.set("adapters", { value: false, key: "peft_config" });
      draft.remark("train.method", "full", "no peft_config is given");
    }
  },
};
