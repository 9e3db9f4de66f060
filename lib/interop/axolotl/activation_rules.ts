import type { Rule } from "../reading/format.ts";
import {
  counted,
  stateCheckpointing,
  switched,
  switchOf,
} from "../reading/rules.ts";
import { readCount, readSwitch } from "../reading/values.ts";
import { unfrozenRule } from "../reading/vocabulary/trained_parts.ts";
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
  {
    keys: ["activation_offloading"],
    fields: ["train.activation_offloading", "train.checkpoint_offload"],
    values:
      "true, disk → streams; legacy → sync; hidden_states → checkpoints on the host",
    read: (setting, draft) => {
      const { value } = setting;
      if (value === "legacy") {
        draft.state(setting, "train.activation_offloading", "sync");
      } else if (value === "hidden_states") {
        draft.state(setting, "train.checkpoint_offload", true);
      } else {
        const on = value === "disk" || switchOf(setting, draft);
        if (on === false) draft.leave(setting, "switched off");
        if (on) draft.state(setting, "train.activation_offloading", "streams");
      }
    },
  },
  {
    // src/axolotl/monkeypatch/tiled_mlp/patch.py: tiles of 32,768 tokens.
    keys: ["tiled_mlp", "tiled_mlp_num_shards"],
    fields: ["train.mlp_tiles"],
    values: "true → a tile for 32,768 tokens; tiled_mlp_num_shards → so many",
    read: (setting, draft, all) => {
      if (readSwitch(all.get("tiled_mlp")) !== true) {
        return draft.leave(setting, "tiled_mlp is not switched on");
      }
      if (setting.key !== "tiled_mlp") {
        return counted(setting.key, "train.mlp_tiles")
          .read(setting, draft, all);
      }
      if (all.has("tiled_mlp_num_shards")) return;
      const tokens = readCount(all.get("sequence_len") ?? 512) ?? 512;
      draft.state(setting, "train.mlp_tiles", Math.ceil(tokens / 32_768));
    },
  },
  {
    keys: ["gradient_checkpointing_kwargs.use_reentrant"],
    fields: ["train.use_reentrant"],
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on !== null) draft.state(setting, "train.use_reentrant", on);
    },
  },
  unfrozenRule("unfrozen_parameters"),
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
