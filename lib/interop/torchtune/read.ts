import { isObject } from "../../scenario/fields.ts";
import type { Format, Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { counted, switched, switchOf } from "../reading/rules.ts";
import { readSwitch, readType } from "../reading/values.ts";
import { float8Switch, recipeOf } from "../reading/vocabulary/float8.ts";
import { QUANTIZER_RULES } from "./quantizer_rules.ts";
import { stateOptimizer } from "../reading/vocabulary/optimizer_names.ts";
import { offloadedRule, replicatesRule } from "../reading/vocabulary/fsdp.ts";
import { RECIPE_RULES, tuneCommand } from "./command.ts";
import { finishTorchtune } from "./defaults.ts";
import { TORCHTUNE_NEUTRAL, TORCHTUNE_UNEXPRESSED } from "./left_out.ts";
import { MODEL_RULES } from "./model_rules.ts";
import { shippedFile } from "../reading/shipped.ts";
import SHIPPED from "./shipped.json" with { type: "json" };

const RULES: readonly Rule[] = [
  ...RECIPE_RULES,
  ...MODEL_RULES,
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
  float8Switch("enable_fp8_training", "fp8_recipe_name"),
  recipeOf("fp8_recipe_name", "enable_fp8_training"),
  ...QUANTIZER_RULES,
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
  offloadedRule("fsdp_cpu_offload"),
  replicatesRule("data_parallel_replicate_dim"),
  {
    keys: ["fsdp_reshard_after_forward"],
    fields: ["engine.sharding", "engine.reshard_after_forward"],
    values: "true → full, false → grad_op",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on === null) return;
      draft.state(setting, "engine.sharding", on ? "full" : "grad_op");
      draft.state(setting, "engine.reshard_after_forward", on);
    },
  },
];

/** torchtune's recipe configurations: recipes/configs. */
export const torchtuneFile: Format = {
  id: "torchtune",
  title: "torchtune",
  kind: "mapping",
  shipped: (path) => shippedFile(SHIPPED, path, "recipes/configs"),
  command: tuneCommand,
  recognises: (values) =>
    isObject(values["model"]) && "_component_" in values["model"] ||
    isObject(values["optimizer"]) && "_component_" in values["optimizer"],
  rules: RULES,
  unexpressed: TORCHTUNE_UNEXPRESSED,
  neutral: TORCHTUNE_NEUTRAL,
  finish: finishTorchtune,
};
