import { isObject } from "../../scenario/fields.ts";
import type { Document } from "../document/document.ts";
import type { Draft } from "../draft/draft.ts";
import type { Format, Rule, Settings } from "../draft/format.ts";
import { stateOptimizer } from "../names/optimizer_names.ts";
import {
  counted,
  same,
  switched,
  switchOf,
  unexpressed,
} from "../draft/rules.ts";
import { readBuilder } from "./models.ts";
import { readNames, readSwitch, readType } from "../draft/values.ts";
import { plainText } from "../draft/plain_text.ts";

/** torchtune's names of modules, as transformers names them. */
const MODULES: Record<string, string> = {
  q_proj: "q_proj",
  k_proj: "k_proj",
  v_proj: "v_proj",
  output_proj: "o_proj",
};
const MLP = ["gate_proj", "up_proj", "down_proj"];

const RULES: readonly Rule[] = [
  {
    keys: ["model._component_"],
    fields: ["model", "train.method"],
    values:
      "torchtune.models.llama3_1.qlora_llama3_1_8b → meta-llama/Llama-3.1-8B, qlora",
    read: (setting, draft) => {
      const builder = readBuilder(plainText(setting.value));
      if (!builder) {
        return draft.refuse(setting, "must be a builder of torchtune.models");
      }
      if (builder.model) draft.state(setting, "model", builder.model);
      else {
        draft.leave(
          setting,
          "a model that Headroom has no name for: give it as model",
          true,
        );
      }
      draft.state(setting, "train.method", builder.method);
      if (builder.dora) draft.state(setting, "train.lora.dora", true);
      if (builder.method === "qlora") {
        draft.state(setting, "quantization.weights", "nf4-dq");
      }
    },
  },
  same("model.lora_rank", "train.lora.rank"),
  same("model.lora_alpha", "train.lora.alpha"),
  same("model.lora_dropout", "train.lora.dropout"),
  switched("model.use_dora", "train.lora.dora", true, false),
  {
    keys: ["model.quantize_base"],
    fields: ["quantization.weights"],
    values: "true → nf4-dq, qlora",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "quantization.weights", "nf4-dq");
      else if (on === false) draft.leave(setting, "switched off");
    },
  },
  {
    keys: ["model.lora_attn_modules"],
    fields: ["train.lora.targets"],
    values:
      "with apply_lora_to_mlp and apply_lora_to_output; output_proj → o_proj",
    read: (setting, draft, all) => {
      const names = readNames(setting.value);
      if (!names || !names.every((name) => Object.hasOwn(MODULES, name))) {
        return draft.refuse(
          setting,
          `must list ${Object.keys(MODULES).join(", ")}`,
        );
      }
      draft.state(setting, "train.lora.targets", [
        ...names.map((name) => MODULES[name]),
        ...(readSwitch(all.get("model.apply_lora_to_mlp")) ? MLP : []),
        ...(readSwitch(all.get("model.apply_lora_to_output"))
          ? ["lm_head"]
          : []),
      ]);
    },
  },
  {
    keys: ["model.apply_lora_to_mlp", "model.apply_lora_to_output"],
    fields: ["train.lora.targets"],
    values: "true → gate_proj, up_proj, down_proj; lm_head",
    read: (setting, draft, all) => {
      switchOf(setting, draft);
      if (!all.has("model.lora_attn_modules")) {
        draft.leave(setting, "lora_attn_modules is not given", true);
      }
    },
  },
  counted("batch_size", "train.micro_batch"),
  counted("gradient_accumulation_steps", "train.gradient_accumulation"),
  counted("tokenizer.max_seq_len", "train.sequence_length"),
  {
    keys: ["dtype"],
    fields: ["precision.weights", "train.lora.adapter_dtype"],
    values: "bf16, fp16, fp32",
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (!type) return draft.refuse(setting, "must be bf16, fp16 or fp32");
      draft.state(setting, "precision.weights", type);
      if (draft.valueAt("train.method") !== "full") {
        draft.state(setting, "train.lora.adapter_dtype", type);
      }
    },
  },
  {
    keys: ["optimizer._component_"],
    fields: ["optimizer.name", "optimizer.bits", "optimizer.paged"],
    values: "torch.optim.AdamW, bitsandbytes.optim.PagedAdamW8bit …",
    read: (setting, draft) => {
      const component = plainText(setting.value);
      const name = component.split(".").at(-1) ?? component;
      if (name === "CPUOffloadOptimizer") {
        draft.state(setting, "engine.offload_optimizer", "cpu");
      } else stateOptimizer(setting, draft, name);
    },
  },
  switched("optimizer.fused", "optimizer.implementation", "fused"),
  switched(
    "optimizer.foreach",
    "optimizer.implementation",
    "foreach",
    "for-loop",
  ),
  switched("optimizer_in_bwd", "optimizer.in_backward", true, false),
  switched(
    "enable_activation_checkpointing",
    "train.checkpointing",
    "full",
    "none",
  ),
  switched(
    "enable_activation_offloading",
    "train.checkpoint_offload",
    true,
    false,
  ),
  {
    keys: ["ac_mode"],
    fields: ["train.checkpointing"],
    values: "full, selective",
    read: (setting, draft, all) => {
      if (readSwitch(all.get("enable_activation_checkpointing"))) {
        draft.leave(setting, "enable_activation_checkpointing is set");
      } else if (setting.value === "full" || setting.value === "selective") {
        // A switch that is off leaves the choice to this setting.
        draft.stated.delete("train.checkpointing");
        draft.state(setting, "train.checkpointing", setting.value);
      } else draft.refuse(setting, "must be full or selective");
    },
  },
  {
    keys: ["loss._component_"],
    fields: ["train.loss"],
    values:
      "LinearCrossEntropyLoss, CEWithChunkedOutputLoss → chunked; CrossEntropyLoss → full",
    read: (setting, draft) => {
      const name = plainText(setting.value).split(".").at(-1) ?? "";
      if (/^(?:LinearCrossEntropyLoss|CEWithChunkedOutputLoss)$/.test(name)) {
        draft.state(setting, "train.loss", "chunked");
      } else if (name === "CrossEntropyLoss") {
        draft.state(setting, "train.loss", "full");
      } else draft.leave(setting, "not a loss that Headroom knows", true);
    },
  },
  {
    keys: ["compile"],
    fields: ["train.kernels"],
    values: "true → compile",
    read: (setting, draft) => {
      const value = isObject(setting.value)
        ? setting.value["model"] ?? true
        : setting.value;
      const on = switchOf({ ...setting, value }, draft);
      if (on) draft.state(setting, "train.kernels", "compile");
      else if (on === false) draft.leave(setting, "switched off");
    },
  },
  counted("tensor_parallel_dim", "parallel.tp"),
  counted("context_parallel_dim", "parallel.cp"),
  {
    keys: ["fsdp_cpu_offload"],
    fields: ["engine.offload_parameters", "engine.offload_optimizer"],
    values: "true → cpu",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on === null) return;
      draft.state(setting, "engine.offload_parameters", on ? "cpu" : "none");
      draft.state(setting, "engine.offload_optimizer", on ? "cpu" : "none");
    },
  },
  switched("fsdp_reshard_after_forward", "engine.sharding", "full", "grad_op"),
];

/** torchtune's recipe configurations: recipes/configs. */
export const torchtune: Format = {
  id: "torchtune",
  title: "torchtune",
  kind: "mapping",
  recognises: (values) =>
    isObject(values["model"]) && "_component_" in values["model"] ||
    isObject(values["optimizer"]) && "_component_" in values["optimizer"],
  rules: RULES,
  unexpressed: [
    unexpressed(
      [
        "teacher_model",
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
      ["data_parallel_shard_dim", "data_parallel_replicate_dim"],
      "how replicas and shards share the GPUs has no field",
    ),
    unexpressed(
      ["enable_fp8_training", "fp8_recipe_name", "quantizer"],
      "training with fp8 or fake quantisation is not known",
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
  ],
  neutral: [
    /^(?:output_dir|tokenizer|dataset|dataset_val|seed|shuffle|checkpointer|teacher_checkpointer|resume_from_checkpoint|save_adapter_weights_only|epochs|optimizer|lr_scheduler|loss|kd_loss|kd_ratio|max_steps_per_epoch|clip_grad_norm|device|cudnn_deterministic_mode|metric_logger|log_|profiler|low_cpu_ram|run_val_every_n_steps|batch_size_val|collate_fn|packed|max_seq_len|enable_async_checkpointing|keep_last_n_checkpoints|save_every|context_parallel_rotate_method|tensor_parallel_plan|async|router|num_|model_type|anchor|prompt|activation_dtype|model\.(?:max_seq_len|attn_dropout|apply_lora_to))/,
  ],
  finish: finishTorchtune,
};

function finishTorchtune(
  draft: Draft,
  all: Settings,
  { comments }: Document,
): void {
  draft.assume("software.model_code", "torchtune", "the recipe is torchtune's");
  draft.assume(
    "quantization.kbit_upcast",
    false,
    "torchtune leaves the rest of a quantized model in its type",
  );
  draft.assume("train.attention", "sdpa", "torchtune's attention is sdpa");
  if (!all.has("optimizer")) {
    draft.problems.push({
      path: "optimizer",
      message: "optimizer is missing: only recipes that train are read",
    });
  }
  if (!draft.stated.has("precision.weights")) {
    draft.refuse({ key: "dtype", value: null }, "must be bf16, fp16 or fp32");
  }
  if (!all.has("tokenizer.max_seq_len")) {
    draft.open(
      "train.sequence_length",
      "2048",
      "tokenizer.max_seq_len is not given: the longest sample decides",
    );
  }
  const gpus = comments.match(/--nproc[_-]per[_-]node[= ]+(\d+)/)?.[1];
  const nodes = comments.match(/--nnodes[= ]+(\d+)/)?.[1] ?? "1";
  if (gpus !== undefined && Number(gpus) * Number(nodes) > 1) {
    draft.assume(
      "parallel.gpus",
      Number(gpus) * Number(nodes),
      "the command in the file's comments starts so many",
    );
    draft.assume("engine.name", "fsdp2", "recipes on several GPUs use FSDP2");
  } else if (/single_device/.test(comments)) {
    draft.assume(
      "parallel.gpus",
      1,
      "the comments name a single_device recipe",
    );
    draft.assume("engine.name", "single", "a single_device recipe");
  }
}
