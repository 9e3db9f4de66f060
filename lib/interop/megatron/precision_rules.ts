import type { Rule } from "../reading/format.ts";
import { switchOf } from "../reading/rules.ts";
import { readType } from "../reading/values.ts";

/** Types of parameters, gradients and optimizer states. */
export const PRECISION_RULES: readonly Rule[] = [
  {
    keys: ["bf16", "fp16"],
    fields: ["precision.weights", "precision.gradients"],
    values: "the type, with fp32 gradients and master weights",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) {
        draft.state(setting, "precision.weights", setting.key);
      }
    },
  },
  {
    keys: ["grad-reduce-in-bf16"],
    fields: ["precision.gradients"],
    values: "given → bf16 gradients",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) {
        draft.state(setting, "precision.gradients", null);
      }
    },
  },
  {
    keys: ["accumulate-allreduce-grads-in-fp32"],
    fields: ["precision.gradients"],
    values: "given → fp32",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) {
        draft.state(setting, "precision.gradients", "fp32");
      }
    },
  },
  {
    keys: ["main-grads-dtype"],
    fields: ["precision.gradients"],
    values: "fp32; bf16 → as the parameters",
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type === null) draft.refuse(setting, "must be fp32 or bf16");
      else {
        draft.state(
          setting,
          "precision.gradients",
          type === "fp32" ? "fp32" : null,
        );
      }
    },
  },
  {
    keys: ["exp-avg-dtype", "exp-avg-sq-dtype"],
    fields: ["precision.optimizer_states"],
    values: "fp32, bf16",
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type === "fp32" || type === "bf16") {
        draft.state(setting, "precision.optimizer_states", type);
      } else {
        draft.leave(setting, "states are fp32 or bf16 in a scenario", true);
      }
    },
  },
];
