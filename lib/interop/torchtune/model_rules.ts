import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { same, switched, switchOf } from "../reading/rules.ts";
import { readNames, readSwitch } from "../reading/values.ts";
import { readBuilder } from "./builders.ts";

/** torchtune's names of modules, as transformers names them. */
const MODULES: Record<string, string> = {
  q_proj: "q_proj",
  k_proj: "k_proj",
  v_proj: "v_proj",
  output_proj: "o_proj",
};
const MLP = ["gate_proj", "up_proj", "down_proj"];

/** The builder of the model and its adapters. */
export const MODEL_RULES: readonly Rule[] = [
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
  {
    keys: ["teacher_model._component_"],
    fields: ["train.teacher", "train.objective"],
    values: "a builder → its model, distillation",
    read: (setting, draft) => {
      const model = readBuilder(plainText(setting.value))?.model;
      draft.state(setting, "train.objective", "distillation");
      if (model) draft.state(setting, "train.teacher", model);
      else {
        draft.leave(setting, "a model that Headroom has no name for", true);
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
];
