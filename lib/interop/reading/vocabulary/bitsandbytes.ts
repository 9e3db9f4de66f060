import type { Rule } from "../format.ts";
import { switchOf } from "../rules.ts";
import { readNames, readSwitch } from "../values.ts";

/** How a tool names bitsandbytes' switches, and what it sets by itself. */
interface Switches {
  /** Keys of nested ("double") quantisation. */
  nested: readonly string[];
  /**
   * Whether it nests unless told otherwise. Axolotl does
   * (src/axolotl/loaders/model.py, `bnb_4bit_use_double_quant`); transformers'
   * BitsAndBytesConfig and TRL's ModelConfig do not.
   */
  nestedByDefault?: boolean;
  /** Keys of the 4-bit type. */
  type: readonly string[];
}

/** bitsandbytes' switches. */
export function bitsAndBytesRules(
  { nested, nestedByDefault = false, type }: Switches,
): Rule[] {
  return [
    {
      keys: ["load_in_4bit"],
      fields: ["quantization.weights", "train.method"],
      values: nestedByDefault
        ? "true → nf4-dq, without nested quantisation nf4; the method is qlora"
        : "true → nf4, with nested quantisation nf4-dq; the method is qlora",
      read: (setting, draft, all) => {
        const on = switchOf(setting, draft);
        if (on === false) draft.leave(setting, "switched off");
        if (!on) return;
        const said = nested.map((key) => readSwitch(all.get(key)));
        const twice = nestedByDefault
          ? !said.includes(false)
          : said.includes(true);
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
      keys: [
        "llm_int8_skip_modules",
        "bnb_config_kwargs.llm_int8_skip_modules",
      ],
      fields: ["quantization.skip_modules"],
      values: "names of modules",
      read: (setting, draft) => {
        const names = readNames(setting.value);
        if (names === null) draft.refuse(setting, "must be a list of names");
        else if (names.length === 0) draft.leave(setting, "empty");
        else draft.state(setting, "quantization.skip_modules", names);
      },
    },
    {
      keys: [...nested, ...type],
      fields: ["quantization.weights"],
      values: "true → nf4-dq, false → nf4; nf4, fp4",
      read: (setting, draft, all) => {
        if (readSwitch(all.get("load_in_4bit")) !== true) {
          draft.leave(setting, "load_in_4bit is not set");
        }
      },
    },
  ];
}
