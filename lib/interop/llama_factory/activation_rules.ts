import type { Rule } from "../reading/format.ts";
import { switched, switchOf } from "../reading/rules.ts";
import { stateAttention } from "../reading/vocabulary/attention.ts";

/** What the forward pass keeps: attention and checkpoints. */
export const ACTIVATION_RULES: readonly Rule[] = [
  {
    keys: ["flash_attn"],
    fields: ["train.attention"],
    values: "fa2, fa3 → flash; sdpa; disabled → eager; auto → sdpa, assumed",
    read: (setting, draft) => {
      // YAML 1.1 reads "off" and "on" as switches.
      const on = typeof setting.value === "boolean" ? setting.value : null;
      stateAttention(
        on === null ? setting : { ...setting, value: on ? "fa2" : "disabled" },
        draft,
      );
    },
  },
  switched(
    "disable_gradient_checkpointing",
    "train.checkpointing",
    "none",
    "full",
  ),
  {
    keys: ["gradient_checkpointing"],
    fields: ["train.checkpointing"],
    values: "false alone changes nothing: disable_gradient_checkpointing does",
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on) draft.state(setting, "train.checkpointing", "full");
      else if (on === false) {
        draft.leave(
          setting,
          "LLaMA-Factory checkpoints unless disable_gradient_checkpointing",
        );
      }
    },
  },
  switched("use_unsloth_gc", "train.checkpoint_offload", true, false),
];
