import type { Rule } from "../reading/format.ts";
import { engineSettings } from "../reading/engine_settings.ts";
import { counted } from "../reading/rules.ts";
import { readCount } from "../reading/values.ts";
import {
  fsdpRules,
  replicatesRule,
  versionRule,
} from "../reading/vocabulary/fsdp.ts";
import { stateDictRule } from "../reading/vocabulary/saving.ts";
import {
  DEEPSPEED_RULE,
  FSDP_RULE,
} from "../training_arguments/trainer_rules.ts";

/** Engines, and how many GPUs share a replica in which way. */
export const ENGINE_RULES: readonly Rule[] = [
  DEEPSPEED_RULE,
  FSDP_RULE,
  versionRule("fsdp_version"),
  ...fsdpRules("fsdp_config"),
  stateDictRule([
    "fsdp_config.final_state_dict_type",
    "fsdp_config.fsdp_final_state_dict_type",
    "fsdp_final_state_dict_type",
  ]),
  counted("tensor_parallel_size", "parallel.tp"),
  counted(["context_parallel_size", "sequence_parallel_degree"], "parallel.cp"),
  counted("expert_parallel_size", "parallel.ep"),
  replicatesRule("dp_replicate_size"),
  ...engineSettings("ddp", (name) => [`ddp_${name}`], ["bucket_cap_mb"]),
];

/** How many GPUs there are, in all or by the ways that they share the work. */
export const GPU_RULES: readonly Rule[] = [
  {
    keys: ["world_size"],
    fields: ["parallel.gpus"],
    read: (setting, draft) =>
      draft.state(setting, "parallel.gpus", setting.value),
  },
  {
    // src/axolotl/utils/distributed.py: without dp_shard_size it is what there is.
    keys: ["dp_shard_size"],
    fields: ["parallel.gpus"],
    values:
      "× dp_replicate_size × tensor_parallel_size × context_parallel_size × expert_parallel_size",
    read: (setting, draft, all) => {
      const count = (key: string): number =>
        readCount(all.get(key) ?? 1) ?? NaN;
      const gpus = count("dp_shard_size") * count("dp_replicate_size") *
        count("tensor_parallel_size") * count("expert_parallel_size") *
        (all.has("context_parallel_size")
          ? count("context_parallel_size")
          : count("sequence_parallel_degree"));
      if (Number.isNaN(gpus)) {
        draft.refuse(setting, "must be a whole number above 0");
      } else draft.state(setting, "parallel.gpus", gpus);
    },
  },
];
