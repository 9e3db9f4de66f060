import type { Rule } from "./format.ts";
import { switchOf } from "./rules.ts";
import { readSwitch } from "./values.ts";

/**
 * bitsandbytes' switches. The keys of nested quantisation and of the 4-bit type
 * differ between tools.
 */
export function bitsAndBytesRules(
  { nested, type }: { nested: readonly string[]; type: readonly string[] },
): Rule[] {
  return [
    {
      keys: ["load_in_4bit"],
      fields: ["quantization.weights", "train.method"],
      values:
        "true → nf4, with nested quantisation nf4-dq; the method is qlora",
      read: (setting, draft, all) => {
        const on = switchOf(setting, draft);
        if (on === false) draft.leave(setting, "switched off");
        if (!on) return;
        const twice = nested.some((key) => readSwitch(all.get(key)) === true);
        draft.state(
          setting,
          "quantization.weights",
          twice ? "nf4-dq" : "nf4",
        );
        if (type.some((key) => all.get(key) === "fp4")) {
          draft.remark(
            "quantization.weights",
            "nf4",
            "fp4 packs weights into as many bytes as nf4",
          );
        }
      },
    },
    {
      keys: ["load_in_8bit"],
      fields: ["quantization.weights"],
      values: "true → int8",
      read: (setting, draft) => {
        const on = switchOf(setting, draft);
        if (on) draft.state(setting, "quantization.weights", "int8");
        else if (on === false) draft.leave(setting, "switched off");
      },
    },
    {
      keys: [...nested, ...type],
      fields: ["quantization.weights"],
      values: "true → nf4-dq; nf4, fp4",
      read: (setting, draft, all) => {
        if (readSwitch(all.get("load_in_4bit")) !== true) {
          draft.leave(setting, "load_in_4bit is not set");
        }
      },
    },
  ];
}
