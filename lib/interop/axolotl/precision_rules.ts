import type { Rule } from "../reading/format.ts";
import { switchOf } from "../reading/rules.ts";

/** Types without autocast. */
function wholly(key: string, type: "bf16" | "fp16" | "fp32"): Rule {
  return {
    keys: [key],
    fields: ["precision.weights"],
    values: `true → ${type}, without autocast`,
    read: (setting, draft) => {
      const on = switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      draft.fact(setting, "loaded", type);
      const mixed = draft.facts.get("mixed_precision")?.value;
      // Beside bf16 or fp16 of the same type it says no more than they do.
      if (mixed !== type) draft.fact(setting, "mixed_precision", "no");
    },
  };
}

/** Types that parameters lie in and that the forward pass computes in. */
export const PRECISION_RULES: readonly Rule[] = [
  {
    keys: ["bf16"],
    fields: ["precision.autocast", "precision.weights"],
    values: "true, full → bf16; auto → bf16, assumed",
    read: (setting, draft) => {
      if (setting.value === "auto") {
        draft.facts.set("mixed_precision", { value: "bf16", key: setting.key });
        draft.facts.set("loaded", { value: "bf16", key: setting.key });
        draft.remark(
          "precision.autocast",
          "bf16",
          "bf16 is auto: GPUs since Ampere have it",
        );
        return;
      }
      const on = setting.value === "full" || switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      draft.fact(setting, "mixed_precision", "bf16");
      draft.fact(setting, "loaded", "bf16");
    },
  },
  {
    keys: ["fp16"],
    fields: ["precision.autocast", "precision.weights"],
    values: "true → fp16",
    read: (setting, draft, all) => {
      const on = switchOf(setting, draft);
      if (on === false) return draft.leave(setting, "switched off");
      if (!on) return;
      if (all.get("bf16") === "auto") {
        return draft.leave(setting, "bf16 is auto and wins where GPUs have it");
      }
      draft.fact(setting, "mixed_precision", "fp16");
      draft.fact(setting, "loaded", "fp16");
    },
  },
  wholly("bfloat16", "bf16"),
  wholly("float16", "fp16"),
  wholly("float32", "fp32"),
];
