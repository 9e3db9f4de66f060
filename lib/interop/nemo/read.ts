import { isObject } from "../../scenario/fields.ts";
import { findModel } from "../../models/catalogue.ts";
import type { Document } from "../reading/document.ts";
import { checkText, readDocument } from "../reading/document.ts";
import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format, Rule } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  counted,
  countedFact,
  switchOf,
  unexpressed,
} from "../reading/rules.ts";
import type { ServingSource } from "../reading/serving/source.ts";
import { readCount } from "../reading/values.ts";
import { MEGATRON_PARALLEL_RULES } from "../reading/vocabulary/megatron/parallel_rules.ts";
import {
  dimensionRules,
  wantModel,
} from "../reading/vocabulary/megatron/model_sections.ts";
import { respelled } from "../reading/vocabulary/megatron/respelled.ts";
import { nemoCall, nemoCommand, RECIPE_RULE } from "./recipes.ts";
import { resolved } from "./resolve.ts";

/** NeMo's names of matrices that adapters join, as transformers names them. */
const TARGETS: Readonly<Record<string, readonly string[]>> = {
  attention_qkv: ["linear_qkv"],
  attention_dense: ["linear_proj"],
  mlp_fc1: ["linear_fc1"],
  mlp_fc2: ["linear_fc2"],
  attention: ["linear_qkv", "linear_proj"],
  mlp: ["linear_fc1", "linear_fc2"],
  all: ["linear_qkv", "linear_proj", "linear_fc1", "linear_fc2"],
};

const RULES: readonly Rule[] = [
  RECIPE_RULE,
  {
    keys: ["trainer.devices"],
    fields: ["parallel.gpus"],
    values: "× trainer.num_nodes",
    read: (setting, draft, all) => {
      const count = Array.isArray(setting.value)
        ? setting.value.length
        : readCount(setting.value);
      const nodes = readCount(all.get("trainer.num_nodes") ?? 1);
      if (count === null || nodes === null) return;
      draft.state(setting, "parallel.gpus", count * nodes);
      if (nodes > 1) draft.state(setting, "parallel.gpus_per_node", count);
    },
  },
  {
    keys: ["trainer.num_nodes"],
    fields: ["parallel.gpus"],
    values: "with trainer.devices",
    read: () => {},
  },
  {
    keys: ["trainer.precision"],
    fields: ["precision.weights"],
    values: "bf16, 16 → the type, with megatron_amp_O2; 32 → fp32",
    read: (setting, draft, all) => {
      const type = /bf16/.test(plainText(setting.value))
        ? "bf16"
        : /16/.test(plainText(setting.value))
        ? "fp16"
        : "fp32";
      const whole = all.get("model.megatron_amp_O2") === true;
      if (type === "fp32" || whole) {
        draft.state(setting, "precision.weights", type);
      } else {
        draft.fact(setting, "mixed_precision", type);
        draft.fact(setting, "loaded", "fp32");
      }
    },
  },
  {
    keys: ["model.megatron_amp_O2"],
    fields: ["precision.weights"],
    values: "with trainer.precision",
    read: (setting, draft) => {
      switchOf(setting, draft);
    },
  },
  ...dimensionRules("model"),
  {
    keys: [
      "model.encoder_seq_length",
      "model.data.train_ds.max_seq_length",
      "model.data.seq_length",
    ],
    fields: ["train.sequence_length"],
    values: "the data's, where there are several",
    read: (setting, draft, all) => {
      const own = "model.data.train_ds.max_seq_length";
      if (setting.key !== own && all.has(own)) {
        return draft.leave(setting, "the length of the data is given");
      }
      if (draft.stated.has("train.sequence_length")) {
        return draft.leave(setting, "the length is given");
      }
      counted(setting.key, "train.sequence_length").read(setting, draft, all);
    },
  },
  counted("model.micro_batch_size", "train.micro_batch"),
  countedFact("model.global_batch_size", "global_batch", [
    "train.gradient_accumulation",
  ]),
  ...respelled(
    MEGATRON_PARALLEL_RULES,
    (flag) => `model.${flag.replaceAll("-", "_")}`,
  ),
  {
    keys: ["model.activations_checkpoint_granularity"],
    fields: ["train.checkpointing"],
    values: "selective, full",
    read: (setting, draft) =>
      draft.state(
        setting,
        "train.checkpointing",
        setting.value === "full" ? "full" : "selective",
      ),
  },
  {
    keys: ["model.optim.name"],
    fields: ["engine.distributed_optimizer", "optimizer.name"],
    values: "distributed_fused_adam → a distributed adamw",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      draft.state(
        setting,
        "engine.distributed_optimizer",
        name.startsWith("distributed") || name.startsWith("mcore_distributed"),
      );
      if (/adam/.test(name)) draft.state(setting, "optimizer.name", "adamw");
      else draft.leave(setting, "AdamW's states are counted", true);
    },
  },
  {
    keys: ["model.peft.peft_scheme"],
    fields: ["train.method"],
    values: "lora, none → full",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      if (name === "lora" || name === "qlora") {
        draft.fact(setting, "adapters", true);
      } else if (name === "none") draft.fact(setting, "adapters", false);
      else {draft.refuse(
          setting,
          "must be lora or none: no method of a scenario trains as this one",
        );}
    },
  },
  {
    keys: ["model.peft.lora_tuning.adapter_dim"],
    fields: ["train.lora.rank"],
    read: (setting, draft) => {
      const rank = readCount(setting.value);
      if (rank !== null) draft.state(setting, "train.lora.rank", rank);
    },
  },
  {
    keys: ["model.peft.lora_tuning.target_modules"],
    fields: ["train.lora.targets"],
    values: "attention_qkv → linear_qkv …",
    read: (setting, draft) => {
      const names =
        (Array.isArray(setting.value) ? setting.value : [setting.value])
          .flatMap((name) => TARGETS[plainText(name)] ?? []);
      if (names.length === 0) {
        draft.leave(setting, "not names that Headroom knows", true);
      } else draft.state(setting, "train.lora.targets", [...new Set(names)]);
    },
  },
];

/** NeMo's YAML of a language model: its Trainer, and a model by dimensions. */
export const nemoFile: Format = {
  id: "nemo",
  title: "NeMo",
  kind: "own",
  recognises: () => false,
  parse: parseNemo,
  command: nemoCommand,
  calls: nemoCall,
  rules: RULES,
  unexpressed: [
    unexpressed(
      [
        "model.fp8_params",
        "model.transformer_engine",
        "model.fsdp",
        "model.activations_checkpoint_layers_per_pipeline",
        "model.activations_checkpoint_method",
        "model.activations_checkpoint_num_layers",
        "model.num_micro_batches_with_partial_activation_checkpoints",
        "model.gradient_as_bucket_view",
        "model.fp32_residual_connection",
        "model.fp16_lm_cross_entropy",
        "model.rampup_batch_size",
      ],
      "no field says it",
    ),
  ],
  neutral: [
    anyKeyOf(KEY_END.section)`
    name defaults exp_manager trainer s3_checkpointing cluster_type run hydra
    inference tp_overlap seed_everything dir log resume optim
    data packed_sequence performance_mode fn
  `,
    /^model\.(?:data|tokenizer|optim|peft|nsys_profile|gc_interval|apex|native_amp|hysteresis|init|use_scaled|hidden_dropout|attention_dropout|ffn_dropout|apply_|normalization|layernorm|do_layer|make_vocab|pre_process|post_process|persist|bias|headscale|transformer_block|openai|normalize|position|rotary|attention_type|overlap|batch_p2p|seq_len_interpolation|scale_positional|drop_layers|reset_lr|onnx|ub_tp|use_flash|get_attention|masked|sync_batch|seed|resume|save_nemo|answer_only|fsdp_|fp8_|reduce_amax|use_emha|ddp_|skip_train|window|qk_|rope|moe_|sharp|nccl|defer|dist_ckpt|restore|gradient|share_token|tensor_model|context|sequence|virtual|expert|delay|barrier|use_cpu|async|mcore_gpt|gradient_accumulation_fusion|zarr|precision|target|deallocate|share|cross|num_|grad_allreduce|grad_div|optimizer|language|steps|hybrid|inference)/,
  ],
  finish: finishNemo,
};

function parseNemo(source: ServingSource): Document | null {
  if (
    !source.isWritten || !/^trainer:/m.test(source.text) ||
    !/^model:/m.test(source.text) ||
    !/^ +(?:tensor_model_parallel_size|micro_batch_size) *:/m.test(
      source.text,
    ) ||
    !checkText(source.text).ok
  ) return null;
  const read = readDocument(source.text);
  if (!read.ok) return null;
  const { values } = read.value;
  const model = values["model"];
  return isObject(model) && isObject(values["trainer"]) &&
      ("micro_batch_size" in model || "tensor_model_parallel_size" in model)
    ? { ...read.value, kind: "own", values: resolved(values) }
    : null;
}

/** What NeMo does where its file does not say. */
function finishNemo(draft: Draft, all: FileSettings): void {
  draft.assume("engine.name", "megatron", "NeMo trains by Megatron-Core");
  draft.assume(
    "software.model_code",
    "megatron",
    "the model is Megatron-Core's",
  );
  draft.assume(
    "train.attention",
    "flash",
    "Transformer Engine picks a flash kernel",
  );
  if (!all.has("recipe")) {
    draft.assume(
      "engine.distributed_optimizer",
      false,
      "model.optim.name shards nothing",
    );
  }
  draft.assume("precision.gradients", "fp32", "gradients accumulate in fp32");
  const tokenizer = all.get("model.tokenizer.type") ??
    all.get("model.tokenizer.model");
  const config = findModel(plainText(tokenizer ?? ""))?.config;
  const size = config?.["vocab_size"];
  if (typeof size === "number" && draft.stated.has("model.dims.layers")) {
    draft.assume(
      "model.dims.vocab_size",
      size,
      "its tokenizer's model has so many",
    );
  } else if (tokenizer === "GPT2BPETokenizer") {
    draft.assume(
      "model.dims.vocab_size",
      50_304,
      "GPT2BPETokenizer has 50257, padded",
    );
  }
  if (draft.stated.has("model.dims.layers")) {
    draft.assume(
      "model.dims.gated_mlp",
      false,
      "activation is gelu by default",
    );
    draft.assume(
      "model.dims.tie_embeddings",
      true,
      "they are shared by default",
    );
  }
  wantModel(
    draft,
    "the file fine-tunes a checkpoint and does not name its architecture",
  );
}
