import type { Rule } from "../reading/format.ts";
import { modules, same } from "../reading/rules.ts";
import { readCount } from "../reading/values.ts";

/** Adapters, as MindSpeed-LLM's flags have them: mindspeed_llm/tasks/posttrain/lora. */
export const MEGATRON_ADAPTER_RULES: readonly Rule[] = [
  {
    keys: ["lora-r"],
    fields: ["train.method", "train.lora.rank"],
    values: "above 0 → lora",
    read: (setting, draft) => {
      const rank = readCount(setting.value);
      draft.fact(setting, "adapters", rank !== null);
      if (rank !== null) draft.state(setting, "train.lora.rank", rank);
    },
  },
  same("lora-alpha", "train.lora.alpha"),
  modules("lora-target-modules", "train.lora.targets"),
];
