import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { modules, same, switched } from "../reading/rules.ts";
import { FREEZE_RULES } from "./freeze_rules.ts";
import { trainedLayersRule } from "../reading/vocabulary/trained_parts.ts";
import { readCount, readSwitch } from "../reading/values.ts";
import {
  rankOfBlocks,
  stateLikeLora,
} from "../reading/vocabulary/like_lora.ts";

/** Adapters, and the packed weights that they stand on. */
export const ADAPTER_RULES: readonly Rule[] = [
  {
    keys: ["finetuning_type"],
    fields: ["train.method", "train.trainable_layers"],
    values: "lora, full; freeze → full of a part of the layers; oft → lora",
    read: (setting, draft, all) => {
      switch (setting.value) {
        case "lora":
          return draft.fact(setting, "adapters", true);
        case "full":
          return draft.fact(setting, "adapters", false);
        case "freeze":
          draft.fact(setting, "adapters", false);
          draft.assume(
            "train.trainable_layers",
            2,
            "freeze_trainable_layers is 2 by default",
          );
          return;
        case "oft":
          return stateLikeLora(
            setting,
            draft,
            "OFT",
            rankOfBlocks(readCount(all.get("oft_block_size"))),
            "rotations of blocks of the inputs",
          );
        default:
          return draft.refuse(setting, "must be lora, oft, freeze or full");
      }
    },
  },
  {
    keys: ["quantization_bit"],
    fields: ["quantization.weights", "train.method"],
    values:
      "4 → nf4-dq (nf4 without double_quantization), 8 → int8; hqq 4 → hqq-int4",
    read: (setting, draft, all) => {
      const bits = readCount(setting.value);
      const method = plainText(all.get("quantization_method") ?? "bnb")
        .toLowerCase().replace("bitsandbytes", "bnb");
      const twice = readSwitch(all.get("double_quantization") ?? true);
      if (method === "bnb" && bits === 4) {
        draft.state(setting, "quantization.weights", twice ? "nf4-dq" : "nf4");
      } else if (bits === 8 && (method === "bnb" || method === "eetq")) {
        draft.state(setting, "quantization.weights", "int8");
      } else if (bits === 4 && method === "hqq") {
        draft.state(setting, "quantization.weights", "hqq-int4");
      } else if (method === "hqq" && bits !== null && bits <= 8) {
        draft.refuse(setting, "must be 4 for hqq: other widths have no name");
      } else draft.refuse(setting, "must be 4 or 8");
    },
  },
  {
    keys: ["quantization_method", "quantization_type", "double_quantization"],
    fields: ["quantization.weights"],
    values: "bnb, hqq, eetq; nf4, fp4; false → nf4",
    read: (setting, draft, all) => {
      if (!all.has("quantization_bit")) {
        draft.leave(setting, "quantization_bit is not set");
      }
    },
  },
  trainedLayersRule("freeze_trainable_layers", "finetuning_type"),
  ...FREEZE_RULES,
  same("lora_rank", "train.lora.rank"),
  same("lora_alpha", "train.lora.alpha"),
  same("lora_dropout", "train.lora.dropout"),
  modules(["lora_target", "oft_target"], "train.lora.targets"),
  modules("additional_target", "train.lora.modules_to_save"),
  switched("use_rslora", "train.lora.rslora", true, false),
  switched("use_dora", "train.lora.dora", true, false),
];
