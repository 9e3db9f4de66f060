import type { Rule } from "../reading/format.ts";
import { stateCheckpointing, switched, switchOf } from "../reading/rules.ts";
import { attentionRule } from "../reading/vocabulary/attention.ts";

/** An old switch of one attention kernel. */
function kernelSwitch(key: string, kernel: string): Rule {
  return switched(key, "train.attention", kernel);
}

/** What the forward pass keeps: checkpoints, attention, and the kernels that run. */
export const ACTIVATION_RULES: readonly Rule[] = [
  {
    keys: ["gradient_checkpointing"],
    fields: ["train.checkpointing", "train.checkpoint_offload"],
    values: "true → full; offload, offload_disk, unsloth → kept on the host",
    read: (setting, draft) => {
      const { value } = setting;
      if (value === "offload" || value === "unsloth") {
        draft.state(setting, "train.checkpointing", "full");
        draft.state(setting, "train.checkpoint_offload", true);
      } else if (value === "offload_disk") {
        draft.state(setting, "train.checkpointing", "full");
        draft.state(setting, "train.checkpoint_offload", true);
        draft.remark(
          "train.checkpoint_offload",
          "true",
          "checkpoints on a disk leave the GPU as those on the host do",
        );
      } else {
        const on = switchOf(setting, draft);
        if (on !== null) stateCheckpointing(setting, draft, on);
      }
    },
  },
  attentionRule(["attn_implementation"]),
  kernelSwitch("flash_attention", "flash"),
  kernelSwitch("sdp_attention", "sdpa"),
  kernelSwitch("eager_attention", "eager"),
  kernelSwitch("xformers_attention", "flash"),
  kernelSwitch("flex_attention", "flash"),
  kernelSwitch("sage_attention", "flash"),
];

/** `torch_compile`, which Liger's kernels go before. */
export const COMPILE_RULE: Rule = {
  keys: ["torch_compile"],
  fields: ["train.kernels"],
  values: "true → compile",
  read: (setting, draft) => {
    const on = setting.value === "auto" ? false : switchOf(setting, draft);
    if (on === false) return draft.leave(setting, "switched off");
    if (!on) return;
    if (draft.valueAt("train.kernels") === "liger") {
      draft.leave(setting, "liger's kernels are counted alone", true);
    } else draft.state(setting, "train.kernels", "compile");
  },
};
