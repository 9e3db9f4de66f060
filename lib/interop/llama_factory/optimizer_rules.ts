import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { switched, switchOf } from "../reading/rules.ts";
import { readSwitch } from "../reading/values.ts";
import { rankRule } from "../reading/vocabulary/optimizer_args.ts";
import { switchedOptimizers } from "../reading/vocabulary/switched_optimizers.ts";

/**
 * Optimizers that switches of their own name.
 *
 * Source: hiyouga/LLaMA-Factory src/llamafactory/train/trainer_utils.py,
 * create_custom_optimizer
 */
const SWITCHES: Readonly<Record<string, string>> = {
  use_galore: "galore",
  use_apollo: "apollo",
  use_adam_mini: "adam-mini",
  use_muon: "muon",
};

/** Optimizers that switches name, and what they are told. */
export const OPTIMIZER_RULES: readonly Rule[] = [
  ...switchedOptimizers(SWITCHES),
  rankRule("galore_rank"),
  rankRule("apollo_rank"),
  switched("galore_layerwise", "optimizer.in_backward", true),
  switched("apollo_layerwise", "optimizer.in_backward", true),
  {
    keys: ["use_badam"],
    fields: ["train.trainable_layers", "precision.master_weights"],
    values: "true → one layer trains at a time, the first for the most memory",
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      if (plainText(all.get("badam_mode") ?? "layer") !== "layer") {
        return draft.leave(
          setting,
          "a share of each tensor is stepped, which no field says",
          true,
        );
      }
      // badam block_optim.py: a copy of the layer in fp32, whose states go with it.
      draft.state(setting, "train.trainable_layers", -1);
      draft.state(setting, "precision.master_weights", "fp32");
      draft.remark(
        "train.trainable_layers",
        "-1",
        "BAdam trains one layer at a time; with the first, gradients go through all",
      );
    },
  },
  {
    keys: ["badam_mode"],
    fields: ["train.trainable_layers"],
    values: "layer",
    read: (setting, draft, all) => {
      if (readSwitch(all.get("use_badam")) !== true) {
        draft.leave(setting, "use_badam is not set");
      }
    },
  },
];
