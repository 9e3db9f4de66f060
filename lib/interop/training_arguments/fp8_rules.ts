import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { switchOf } from "../reading/rules.ts";
import { GATHERED } from "../reading/vocabulary/float8.ts";

/**
 * `fp8` of LLaMA-Factory and Axolotl, which accelerate carries out with torchao unless
 * another backend is named.
 *
 * Sources: hiyouga/LLaMA-Factory src/llamafactory/train/fp8_utils.py;
 * axolotl-ai-cloud/axolotl src/axolotl/core/trainers/base.py
 */
export function accelerateFp8(recipe: "tensorwise" | "rowwise"): Rule[] {
  return [
    {
      keys: ["fp8"],
      fields: ["precision.fp8"],
      values: `true → ${recipe}, by torchao`,
      read: (setting, draft, all) => {
        const on = switchOf(setting, draft);
        if (on === false) return draft.leave(setting, "switched off");
        if (!on) return;
        const backend = plainText(all.get("fp8_backend") ?? "auto");
        if (/^te$|transformer/i.test(backend)) {
          draft.state(setting, "precision.fp8", "delayed");
        } else draft.state(setting, "precision.fp8", recipe);
      },
    },
    {
      keys: ["fp8_backend"],
      fields: ["precision.fp8"],
      values: `te → delayed; auto, torchao → ${recipe}`,
      read: (setting, draft, all) => {
        if (!all.has("fp8")) draft.leave(setting, "fp8 is not set");
      },
    },
    {
      keys: ["fp8_enable_fsdp_float8_all_gather"],
      fields: [],
      read: (setting, draft) => {
        const on = switchOf(setting, draft);
        if (on !== null) draft.leave(setting, GATHERED, on);
      },
    },
  ];
}
