import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { modules, same, switched, switchOf } from "../reading/rules.ts";
import { isOff, readSwitch } from "../reading/values.ts";
import { bitsAndBytesRules } from "../reading/vocabulary/bitsandbytes.ts";

/** Adapters, and the packed weights that they stand on. */
export const ADAPTER_RULES: readonly Rule[] = [
  {
    keys: ["adapter"],
    fields: ["train.method"],
    values: "lora, qlora; none → full",
    read: (setting, draft) => {
      const name = plainText(setting.value).toLowerCase();
      if (name === "lora" || name === "qlora") {
        draft.fact(setting, "adapters", true);
      } else if (isOff(setting.value)) draft.fact(setting, "adapters", false);
      else {
        draft.refuse(
          setting,
          "must be lora or qlora: no method of a scenario trains otherwise",
        );
      }
    },
  },
  ...bitsAndBytesRules({
    nested: ["bnb_config_kwargs.bnb_4bit_use_double_quant"],
    nestedByDefault: true,
    type: ["bnb_config_kwargs.bnb_4bit_quant_type"],
  }),
  switched("quantize_moe_experts", "quantization.experts", true),
  switched("gptq", "quantization.weights", "gptq-int4"),
  same("lora_r", "train.lora.rank"),
  same("lora_alpha", "train.lora.alpha"),
  same("lora_dropout", "train.lora.dropout"),
  {
    keys: ["lora_target_linear"],
    fields: ["train.lora.targets"],
    values: "true → all-linear",
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      // Axolotl adds what is named to all linear layers.
      if (!isOff(all.get("lora_target_modules") ?? "")) {
        draft.remark(
          "train.lora.targets",
          "all-linear",
          "lora_target_linear holds beside lora_target_modules",
        );
      }
      draft.state(setting, "train.lora.targets", "all-linear");
    },
  },
  {
    ...modules("lora_target_modules", "train.lora.targets"),
    read: (setting, draft, all) => {
      if (readSwitch(all.get("lora_target_linear")) === true) {
        draft.leave(setting, "lora_target_linear takes every linear layer");
      } else {
        modules("lora_target_modules", "train.lora.targets")
          .read(setting, draft, all);
      }
    },
  },
  modules("lora_target_parameters", "train.lora.target_parameters"),
  modules("lora_modules_to_save", "train.lora.modules_to_save"),
  switched("peft_use_dora", "train.lora.dora", true, false),
  switched("peft_use_rslora", "train.lora.rslora", true, false),
  switched(
    "peft_autocast_adapter_dtype",
    "train.lora.adapter_dtype",
    "fp32",
    "bf16",
  ),
];
