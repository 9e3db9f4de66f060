import type { Rule } from "../reading/format.ts";
import { switchOf } from "../reading/rules.ts";
import { readType } from "../reading/values.ts";
import { AUTO } from "./auto.ts";

function enabled(key: "bf16" | "fp16"): Rule {
  return {
    keys: [`${key}.enabled`],
    fields: ["precision.weights"],
    values: `true → ${key}, with fp32 master weights in the engine`,
    read: (setting, draft) => {
      if (setting.value === "auto") {
        draft.open("precision.weights", "bf16", `${setting.key} is ${AUTO}`);
        return;
      }
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "precision.weights", key);
      else if (on === false) draft.leave(setting, "switched off");
    },
  };
}

/** Types that the engine and autocast take. */
export const DEEPSPEED_PRECISION_RULES: readonly Rule[] = [
  enabled("bf16"),
  enabled("fp16"),
  {
    keys: ["torch_autocast.enabled"],
    fields: ["precision.autocast"],
    values: "true → the type in torch_autocast.dtype, bf16 without",
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === null) return;
      if (!on) return draft.leave(setting, "switched off");
      const type = readType(all.get("torch_autocast.dtype") ?? "bfloat16");
      if (type === "bf16" || type === "fp16") {
        draft.state(setting, "precision.autocast", type);
        draft.assume(
          "precision.weights",
          "fp32",
          "torch_autocast keeps parameters in fp32",
        );
      } else draft.refuse(setting, "needs a dtype of bfloat16 or float16");
    },
  },
  {
    keys: ["torch_autocast.dtype"],
    fields: ["precision.autocast"],
    values: "bfloat16, float16",
    read: () => {},
  },
  {
    keys: ["bf16.bf16_master_weights_and_grads"],
    fields: ["precision.master_weights"],
    values: "true → none",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "precision.master_weights", "none");
      else if (on === false) draft.leave(setting, "switched off");
    },
  },
  {
    keys: ["bf16.bf16_optimizer_states"],
    fields: ["precision.optimizer_states"],
    values: "true → bf16",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "precision.optimizer_states", "bf16");
      else if (on === false) draft.leave(setting, "switched off");
    },
  },
  {
    keys: ["data_types.grad_accum_dtype"],
    fields: ["precision.gradients", "engine.grad_accum_dtype"],
    values: "fp32; another → gradients as the parameters",
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type === null) {
        return draft.refuse(setting, "must be fp32, bf16 or fp16");
      }
      draft.state(setting, "engine.grad_accum_dtype", type);
      if (type === "fp32") draft.state(setting, "precision.gradients", "fp32");
    },
  },
];
