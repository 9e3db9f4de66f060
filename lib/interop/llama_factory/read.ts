import type { Format, Rule } from "../reading/format.ts";
import { counted, loadedIn, switched, switchOf } from "../reading/rules.ts";
import { readCount } from "../reading/values.ts";
import { modelRule } from "../reading/vocabulary/model.ts";
import { objectiveRule } from "../reading/vocabulary/objective.ts";
import { TRAINER_RULES } from "../training_arguments/trainer_rules.ts";
import { ACTIVATION_RULES } from "./activation_rules.ts";
import { ADAPTER_RULES } from "./adapter_rules.ts";
import { llamaFactoryCommand } from "./command.ts";
import { finishLlamaFactory } from "./defaults.ts";
import {
  LLAMA_FACTORY_NEUTRAL,
  LLAMA_FACTORY_UNEXPRESSED,
} from "./left_out.ts";

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
export const llamaFactoryFile: Format = {
  id: "llama-factory",
  title: "LLaMA-Factory",
  kind: "mapping",
  command: llamaFactoryCommand,
  byFlags: true,
  recognises: (values) =>
    "finetuning_type" in values || "cutoff_len" in values ||
    "quantization_bit" in values || "lora_rank" in values &&
      "model_name_or_path" in values ||
    "flash_attn" in values && !("base_model" in values) ||
    "stage" in values && "template" in values,
  rules: [...RULES, ...TRAINER_RULES],
  unexpressed: LLAMA_FACTORY_UNEXPRESSED,
  neutral: LLAMA_FACTORY_NEUTRAL,
  finish: finishLlamaFactory,
};
