import type { Rule } from "../../format.ts";
import { plainText } from "../../plain_text.ts";
import { readNames } from "../../values.ts";
import { chosen, switched, switchOf } from "../../rules.ts";
import { stateOptimizer } from "../optimizer_names.ts";
import { MEGATRON_FP8_RULES } from "./fp8_rules.ts";
import { MEGATRON_FUSED_RULES } from "./fused_rules.ts";

/** What stays on a GPU through a step: checkpoints, attention, the optimizer. */
export const MEGATRON_STEP_RULES: readonly Rule[] = [
  ...MEGATRON_FUSED_RULES,
  ...MEGATRON_FP8_RULES,
  switched(
    "use-distributed-optimizer",
    "engine.distributed_optimizer",
    true,
    false,
  ),
  switched("optimizer-cpu-offload", "engine.offload_optimizer", "cpu"),
  switched("recompute-activations", "train.checkpointing", "selective"),
  chosen("recompute-granularity", "train.checkpointing", {
    full: "full",
    selective: "selective",
    none: "none",
  }),
  {
    keys: ["recompute-modules"],
    fields: ["engine.recompute_modules"],
    values: "core_attn, mlp, moe_act …",
    read: (setting, draft) => {
      const names = readNames(setting.value);
      if (!names || names.length === 0) {
        draft.refuse(setting, "must be a list of names");
      } else draft.state(setting, "engine.recompute_modules", names);
    },
  },
  {
    keys: ["recompute-method", "recompute-num-layers"],
    fields: ["train.checkpointing"],
    values: "uniform and 1 → every layer by itself",
    read: (setting, draft, all) => {
      const uniform = plainText(all.get("recompute-method")) === "uniform" &&
        Number(all.get("recompute-num-layers") ?? 1) === 1;
      if (all.get("recompute-granularity") !== "full") {
        draft.leave(setting, "recompute-granularity is not full");
      } else if (uniform) {
        draft.leave(setting, "every layer is recomputed, as is estimated");
      } else {
        draft.leave(setting, "which layers are recomputed has no field", true);
      }
    },
  },
  switched("overlap-grad-reduce", "engine.overlap_grad_reduce", true, false),
  switched(
    "no-gradient-accumulation-fusion",
    "engine.gradient_accumulation_fusion",
    false,
  ),
  switched("checkpoint-activations", "train.checkpointing", "full"),
  switched("use-flash-attn", "train.attention", "flash"),
  {
    keys: ["attention-backend"],
    fields: ["train.attention"],
    values:
      "flash, fused → flash; unfused, local → eager; auto → flash, assumed",
    read: (setting, draft) => {
      const name = plainText(setting.value).split(".").at(-1);
      if (name === "flash" || name === "fused") {
        draft.state(setting, "train.attention", "flash");
      } else if (name === "unfused" || name === "local") {
        draft.state(setting, "train.attention", "eager");
      } else if (name === "auto") {
        draft.assume("train.attention", "flash", "--attention-backend is auto");
      } else {draft.refuse(
          setting,
          "must be flash, fused, unfused, local or auto",
        );}
    },
  },
  {
    keys: ["optimizer"],
    fields: ["optimizer.name"],
    values: "adam → adamw, sgd, muon …",
    read: (setting, draft) =>
      stateOptimizer(
        setting,
        draft,
        setting.value === "adam" ? "adamw" : plainText(setting.value),
      ),
  },
  {
    keys: ["use-torch-fsdp2"],
    fields: ["engine.name"],
    values: "given → fsdp2",
    read: (setting, draft) => {
      if (switchOf(setting, draft)) {
        draft.state(setting, "engine.name", "fsdp2");
      }
    },
  },
];
