import type { Rule } from "../reading/format.ts";

/**
 * Elements that share a scale, by scheme.
 *
 * Source: unslothai/unsloth unsloth/models/_utils.py, _prepare_model_for_qat
 */
const ROUNDED_BY: ReadonlyMap<string, number> = new Map([
  ["int8-int4", 32],
  ["int4", 128],
]);

/** Rounding as if quantised. */
export const QAT_RULE: Rule = {
  keys: ["qat_scheme"],
  fields: ["quantization.qat", "quantization.group_size"],
  values: "int8-int4, by 32; int4, by 128",
  read: (setting, draft) => {
    const group = ROUNDED_BY.get(String(setting.value));
    if (group === undefined) {
      return draft.leave(setting, "no field says this rounding", true);
    }
    draft.state(setting, "quantization.qat", setting.value);
    draft.state(setting, "quantization.group_size", group);
    if (setting.value === "int8-int4") {
      draft.remark(
        "quantization.qat",
        "int8-int4",
        "embeddings that Unsloth unties and rounds too are not counted",
      );
    }
  },
};
