import type { Format, Rule } from "../reading/format.ts";
import { counted, loadedIn, switchOf } from "../reading/rules.ts";
import { MEGATRON_PARALLEL_RULES } from "../reading/vocabulary/megatron/parallel_rules.ts";
import { respelled } from "../reading/vocabulary/megatron/respelled.ts";
import { MEGATRON_STEP_RULES } from "../reading/vocabulary/megatron/step_rules.ts";
import { plainText } from "../reading/plain_text.ts";
import { freezeRule, maxPixelsRule } from "../reading/vocabulary/vision.ts";
import { modelRule } from "../reading/vocabulary/model.ts";
import { objectiveRule } from "../reading/vocabulary/objective.ts";
import { accelerateFp8 } from "../training_arguments/fp8_rules.ts";
import { TRAINER_RULES } from "../training_arguments/trainer_rules.ts";
import { stateMixedScaling } from "../reading/vocabulary/float8.ts";
import { OPTIMIZER_RULES } from "./optimizer_rules.ts";
import { ACTIVATION_RULES } from "./activation_rules.ts";
import { ADAPTER_RULES } from "./adapter_rules.ts";
import { llamaFactoryCommand } from "./command.ts";
import { finishLlamaFactory, LLAMA_FACTORY_FREEZES } from "./defaults.ts";
import {
  LLAMA_FACTORY_NEUTRAL,
  LLAMA_FACTORY_UNEXPRESSED,
} from "./left_out.ts";
import { shippedFile } from "../reading/shipped.ts";
import SHIPPED from "./shipped.json" with { type: "json" };

const RULES: readonly Rule[] = [
  modelRule(["model_name_or_path"]),
  objectiveRule(
    "stage",
    { dpo: "dpo", kto: "kto", rm: "reward" },
    ["sft", "pt"],
  ),
  ...ADAPTER_RULES,
  counted("cutoff_len", "train.sequence_length"),
  ...ACTIVATION_RULES,
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
  ...OPTIMIZER_RULES,
  ...accelerateFp8("rowwise"),
  {
    keys: ["zero_stage"],
    fields: ["engine.zero_stage", "engine.name"],
    values: "0 … 3",
    read: (setting, draft) => {
      draft.state(setting, "engine.name", "deepspeed");
      draft.state(setting, "engine.zero_stage", setting.value);
    },
  },
  maxPixelsRule("image_max_pixels"),
  freezeRule(LLAMA_FACTORY_FREEZES),
  loadedIn(["compute_dtype"]),
  ...respelled([...MEGATRON_PARALLEL_RULES, ...MEGATRON_STEP_RULES])
    .filter(({ keys }) =>
      !keys.some((key) => ["optimizer", "attention_backend"].includes(key))
    ),
  {
    keys: ["mixed_precision"],
    fields: ["precision.weights"],
    values: "bf16_mixed and the like, of Megatron-Bridge",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      if (/^bf16/.test(name)) draft.state(setting, "precision.weights", "bf16");
      stateMixedScaling(setting, draft, name);
    },
  },
  {
    keys: ["use_mca", "use_megatron_bridge"],
    fields: ["engine.name"],
    values: "true → megatron",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "engine.name", "megatron");
      else if (on === false) draft.leave(setting, "switched off");
    },
  },
];

/** LLaMA-Factory's YAML: src/llamafactory/hparams. */
export const llamaFactoryFile: Format = {
  id: "llama-factory",
  title: "LLaMA-Factory",
  kind: "mapping",
  shipped: (path) => shippedFile(SHIPPED, path, "examples"),
  command: llamaFactoryCommand,
  byFlags: true,
  recognises: (values) =>
    "finetuning_type" in values || "cutoff_len" in values ||
    "quantization_bit" in values || "lora_rank" in values &&
      "model_name_or_path" in values ||
    "flash_attn" in values && !("base_model" in values) ||
    "stage" in values && "template" in values,
  rules: [
    ...RULES,
    ...TRAINER_RULES.filter(({ keys }) => !keys.includes("optim")),
  ],
  unexpressed: LLAMA_FACTORY_UNEXPRESSED,
  neutral: LLAMA_FACTORY_NEUTRAL,
  finish: finishLlamaFactory,
};
