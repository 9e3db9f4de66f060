import { isObject } from "../../scenario/fields.ts";
import { flagValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";
import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Format, Rule } from "../reading/format.ts";
import { anyKeyOf, KEY_END } from "../reading/key_patterns.ts";
import { plainText } from "../reading/plain_text.ts";
import {
  counted,
  countedFact,
  countOf,
  modules,
  same,
  switched,
  switchOf,
  unexpressed,
} from "../reading/rules.ts";
import { readSwitch } from "../reading/values.ts";
import { attentionRule } from "../reading/vocabulary/attention.ts";
import { modelRule, stateModel } from "../reading/vocabulary/model.ts";
import { stateOptimizer } from "../reading/vocabulary/optimizer_names.ts";
import { isVisionModel, maxPixelsRule } from "../reading/vocabulary/vision.ts";

const FSDP = "train.accelerator.fsdp_config";
const MIXED = `${FSDP}.mixed_precision.enable`;

const RULES: readonly Rule[] = [
  modelRule(["model.model_path"]),
  {
    keys: ["model.config_path"],
    fields: ["model"],
    values: "where there is no model_path",
    read: (setting, draft, all) => {
      if (all.has("model.model_path")) {
        draft.leave(setting, "model_path says it");
      } else stateModel(setting, draft);
    },
  },
  attentionRule(["model.ops_implementation.attn_implementation"]),
  {
    keys: ["model.ops_implementation.cross_entropy_loss_implementation"],
    fields: ["train.loss"],
    values: "liger_kernel → fused, eager → full",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      if (name === "liger_kernel") draft.state(setting, "train.loss", "fused");
      else if (name === "eager") draft.state(setting, "train.loss", "full");
      else draft.leave(setting, "no field says it", true);
    },
  },
  {
    keys: ["model.lora_config.rank"],
    fields: ["train.method", "train.lora.rank"],
    read: (setting, draft, all) => {
      draft.fact(setting, "adapters", true);
      counted(setting.key, "train.lora.rank").read(setting, draft, all);
    },
  },
  same("model.lora_config.alpha", "train.lora.alpha"),
  switched("model.lora_config.use_rslora", "train.lora.rslora", true, false),
  modules("model.lora_config.lora_modules", "train.lora.targets"),
  counted("data.max_seq_len", "train.sequence_length"),
  maxPixelsRule("data.mm_configs.image_max_pixels"),
  counted("train.micro_batch_size", "train.micro_batch"),
  countedFact("train.global_batch_size", "global_batch", [
    "train.gradient_accumulation",
  ]),
  {
    keys: [`${FSDP}.fsdp_mode`],
    fields: ["engine.name"],
    values: "fsdp2, ddp",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      if (name === "fsdp2" || name === "ddp") {
        draft.state(setting, "engine.name", name);
      } else draft.refuse(setting, "must be fsdp2 or ddp");
    },
  },
  {
    keys: [MIXED],
    fields: ["precision.autocast"],
    values: "true → bf16 over fp32 weights",
    read: (setting, draft) => {
      switchOf(setting, draft);
    },
  },
  switched(`${FSDP}.offload`, "engine.offload_parameters", "cpu"),
  {
    keys: ["train.accelerator.ulysses_size"],
    fields: ["parallel.cp", "parallel.cp_kind"],
    values: "of several, as ulysses",
    read: (setting, draft) => {
      const count = countOf(setting, draft);
      if (count === null) return;
      draft.state(setting, "parallel.cp", count);
      if (count > 1) draft.state(setting, "parallel.cp_kind", "ulysses");
    },
  },
  counted("train.accelerator.ep_size", "parallel.ep"),
  switched(
    "train.gradient_checkpointing.enable",
    "train.checkpointing",
    "full",
    "none",
  ),
  switched(
    "train.accelerator.offload_config.enable_activation",
    "train.checkpoint_offload",
    true,
  ),
  {
    keys: ["train.freeze_vit"],
    fields: ["train.trainable"],
    values: "true → all but vision_tower",
    read: (setting, draft) => {
      if (switchOf(setting, draft) !== true) {
        draft.leave(setting, "the tower trains");
      } else if (draft.facts.get("adapters")?.value === true) {
        draft.leave(setting, "adapters train alone");
      } else if (!isVisionModel(draft)) {
        draft.leave(setting, "the model is not known to see images");
      } else {
        draft.state(setting, "train.trainable", [
          "language_model",
          "embeddings",
          "lm_head",
          "projector",
        ]);
      }
    },
  },
  {
    keys: ["train.optimizer.type"],
    fields: ["optimizer.name"],
    values: "adamw, muon, anyprecision_adamw with states in bf16",
    read: (setting, draft) => {
      if (setting.value === "anyprecision_adamw") {
        draft.state(setting, "precision.optimizer_states", "bf16");
      } else stateOptimizer(setting, draft);
    },
  },
];

/** `bash train.sh tasks/train_text.py FILE --train.micro_batch_size 2`. */
const veomniCommand: CommandReader = ({ kind, path, args }) => {
  const file = args[0] ?? "";
  if (
    kind !== "script" ||
    !/(?:^|\/)tasks\/(?:\w+\/)*train_\w+\.py$/.test(path) ||
    !/\.ya?ml$/.test(file)
  ) return null;
  return { values: flagValues(args.slice(1)).values, file };
};

/** VeOmni's YAML: veomni/arguments/arguments_types.py. */
export const veomniFile: Format = {
  id: "veomni",
  title: "VeOmni",
  kind: "mapping",
  command: veomniCommand,
  recognises: ({ model, data, train }) =>
    isObject(model) && ("model_path" in model || "config_path" in model) &&
    isObject(data) && isObject(train),
  rules: RULES,
  unexpressed: [
    unexpressed(
      [
        "model.lora_config.target_parameters",
        "model.lora_config.share_expert_lora",
        "train.chunk_mbs_config.enable",
        "data.mm_configs.video_max_pixels",
        "data.mm_configs.video_total_pixels",
        "data.mm_configs.max_frames",
      ],
      "no field says it",
    ),
  ],
  neutral: [
    anyKeyOf(KEY_END.section)`data train`,
    /^model\.(?:ops_implementation|tokenizer_path|lora_config\.(?:use_|lora_dropout|dropout))/,
  ],
  finish: finishVeomni,
};

/** What VeOmni does where its file does not say. */
function finishVeomni(draft: Draft, all: FileSettings): void {
  draft.assume("engine.name", "fsdp2", "fsdp_mode is fsdp2 by default");
  // veomni/trainer/base.py: torch_dtype is float32 with mixed precision.
  const isMixed = readSwitch(all.get(MIXED)) !== false;
  if (isMixed) {
    draft.assume("precision.weights", "fp32", "mixed precision keeps fp32");
    draft.assume("precision.autocast", "bf16", "param_dtype is bfloat16");
  } else {
    draft.assume("precision.weights", "bf16", "models are loaded in bf16");
  }
  draft.assume("train.loss", "fused", "Liger's loss is the default");
  draft.assume("train.checkpointing", "full", "it is on by default");
  draft.assume("train.attention", "flash", "sequences are packed");
  draft.assume("train.sequence_length", 2048, "max_seq_len is not given");
  if (!draft.facts.has("adapters")) {
    draft.facts.set("adapters", { value: false, key: "lora_config" });
    draft.remark("train.method", "full", "there is no lora_config");
  }
}
