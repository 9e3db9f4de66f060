import type { Rule } from "../../format.ts";
import { plainText } from "../../plain_text.ts";
import { isOff } from "../../values.ts";
import { switchOf } from "../../rules.ts";
import { stateScaling } from "../float8.ts";

/**
 * Transformer Engine's products in fp8: `fp8-format` switches them on, and
 * `fp8-recipe` says how factors are scaled.
 *
 * Source: NVIDIA/Megatron-LM megatron/training/arguments.py,
 * _add_transformer_engine_args
 */
export const MEGATRON_FP8_RULES: readonly Rule[] = [
  {
    keys: ["fp8-format", "fp8-hybrid", "fp8-e4m3"],
    fields: ["precision.fp8"],
    values: "hybrid, e4m3 → delayed, or as fp8-recipe says",
    read: (setting, draft, all) => {
      if (isOff(setting.value)) return draft.leave(setting, "switched off");
      const recipe = plainText(all.get("fp8-recipe") ?? "delayed");
      stateScaling(setting, draft, recipe);
    },
  },
  {
    keys: ["fp8-param-gather"],
    fields: ["precision.fp8_parameters"],
    values: "true → true, with fp8-format",
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      if (!all.has("fp8-format")) {
        draft.leave(setting, "fp8-format is not set");
      } else draft.state(setting, "precision.fp8_parameters", true);
    },
  },
  {
    keys: ["fp8-recipe"],
    fields: ["precision.fp8"],
    values: "delayed, tensorwise, mxfp8",
    read: (setting, draft, all) => {
      if (!all.has("fp8-format")) draft.leave(setting, "fp8-format is not set");
    },
  },
];
