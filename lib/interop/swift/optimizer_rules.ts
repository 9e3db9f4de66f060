import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { readSwitch } from "../reading/values.ts";
import { rankRule } from "../reading/vocabulary/optimizer_args.ts";
import { switchedOptimizers } from "../reading/vocabulary/switched_optimizers.ts";

/**
 * What ms-swift's own names of optimizers mean; those that only set rates apart are
 * the Trainer's.
 *
 * Source: modelscope/ms-swift swift/optimizers/mapping.py
 */
const NAMES: ReadonlyMap<string, string | null> = new Map([
  ["muon", "muon"],
  ["muonclip", "muon"],
  ["galore", "galore"],
  ["lorap", null],
  ["multimodal", null],
  ["default", null],
]);

/** Optimizers by ms-swift's own switches and names. */
export const OPTIMIZER_RULES: readonly Rule[] = [
  ...switchedOptimizers({ use_galore: "galore" }, "galore_quantization"),
  {
    keys: ["galore_quantization"],
    fields: ["optimizer.name"],
    values: "true → q-galore",
    read: (setting, draft, all) => {
      if (readSwitch(all.get("use_galore")) !== true) {
        draft.leave(setting, "use_galore is not set");
      } else if (readSwitch(setting.value) !== true) {
        draft.leave(setting, "switched off");
      } else if (!all.has("galore_rank")) {
        draft.assume("optimizer.rank", 128, "galore_rank is 128 by default");
      }
    },
  },
  rankRule("galore_rank"),
  {
    keys: ["galore_optim_per_parameter"],
    fields: [],
    read: (setting, draft) =>
      draft.leave(setting, "one optimizer a tensor keeps what one of all does"),
  },
  {
    keys: ["optimizer"],
    fields: ["optimizer.name"],
    values: "muon, muonclip, galore; lorap, multimodal and default are optim's",
    read: (setting, draft) => {
      const name = plainText(setting.value);
      const known = NAMES.get(name);
      if (known === undefined) {
        draft.leave(
          setting,
          "no optimizer that is known; AdamW's is counted",
          true,
        );
      } else if (known === null) draft.leave(setting, "its states are optim's");
      else draft.state(setting, "optimizer.name", known);
    },
  },
];
