import type { Draft, FileSetting } from "../../draft.ts";
import type { Rule } from "../../format.ts";
import { switchOf } from "../../rules.ts";
import { readType } from "../../values.ts";

/** Megatron-LM keeps gradients in the type that it reduces them in. */
function stateGradients(setting: FileSetting, draft: Draft, wide: boolean) {
  draft.state(setting, "precision.gradients", wide ? "fp32" : null);
  draft.state(setting, "engine.grad_reduce_in_fp32", wide);
}

/** Types of parameters, gradients and optimizer states. */
export const MEGATRON_PRECISION_RULES: readonly Rule[] = [
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
    fields: ["precision.gradients", "engine.grad_reduce_in_fp32"],
    values: "given → bf16 gradients",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) stateGradients(setting, draft, false);
    },
  },
  {
    keys: ["accumulate-allreduce-grads-in-fp32"],
    fields: ["precision.gradients", "engine.grad_reduce_in_fp32"],
    values: "given → fp32",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) stateGradients(setting, draft, true);
    },
  },
  {
    keys: ["main-grads-dtype"],
    fields: ["precision.gradients", "engine.grad_reduce_in_fp32"],
    values: "fp32; bf16 → as the parameters",
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type === null) draft.refuse(setting, "must be fp32 or bf16");
      else stateGradients(setting, draft, type === "fp32");
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
