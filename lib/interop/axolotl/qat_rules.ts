import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { readSwitch } from "../reading/values.ts";

/**
 * Axolotl's quantisation-aware training.
 *
 * Source: axolotl-ai-cloud/axolotl src/axolotl/utils/schemas/quantization.py,
 * QATConfig; utils/quantization.py, _make_qat_config
 */
export const QAT_RULES: readonly Rule[] = [
  {
    keys: ["qat.weight_dtype"],
    fields: ["quantization.qat"],
    values: "int4 → int4, or int8-int4 with activation_dtype int8",
    read: (setting, draft, all) => {
      const weights = plainText(setting.value);
      const inputs = plainText(all.get("qat.activation_dtype") ?? "");
      if (weights === "int4" && (inputs === "" || inputs === "int8")) {
        const how = inputs === "int8" ? "int8-int4" : "int4";
        draft.state(setting, "quantization.qat", how);
        if (!all.has("qat.group_size")) {
          draft.assume(
            "quantization.group_size",
            32,
            "qat.group_size is 32 by default",
          );
        }
      } else {
        draft.leave(
          setting,
          "rounding to int4, with inputs in int8 or whole, is known alone",
          true,
        );
      }
    },
  },
  {
    keys: ["qat.activation_dtype"],
    fields: ["quantization.qat"],
    values: "int8, with weight_dtype",
    read: (setting, draft, all) => {
      if (!all.has("qat.weight_dtype")) {
        draft.leave(
          setting,
          "qat.weight_dtype is int8 where it is not given, which no field says",
          true,
        );
      }
    },
  },
  {
    keys: ["qat.group_size"],
    fields: ["quantization.group_size"],
    read: (setting, draft) =>
      draft.state(setting, "quantization.group_size", setting.value),
  },
  {
    keys: ["qat.quantize_embedding"],
    fields: [],
    read: (setting, draft) => {
      const on = readSwitch(setting.value) === true;
      draft.leave(setting, "no field says that embeddings are rounded", on);
    },
  },
  {
    keys: ["qat.fake_quant_after_n_steps"],
    fields: [],
    read: (setting, draft) =>
      draft.leave(setting, "steps from then on are estimated"),
  },
];
