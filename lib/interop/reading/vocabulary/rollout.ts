import type { Draft, FileSetting } from "../draft.ts";
import type { Rule } from "../format.ts";
import { plainText } from "../plain_text.ts";
import { counted, switched, switchOf } from "../rules.ts";
import { readSwitch } from "../values.ts";

const SHARE = "train.rollout.memory_utilization";

/** The share of a GPU that is given to the engine beside training. */
export function rolloutShareRule(key: string): Rule {
  return { keys: [key], fields: [SHARE], read: stateShare };
}

function stateShare(setting: FileSetting, draft: Draft): void {
  const share = Number(setting.value);
  if (share > 0 && share <= 1) draft.state(setting, SHARE, share);
  else draft.refuse(setting, "must be above 0 and at most 1");
}

/**
 * What TRL's trainers that generate take, in files and flags of TRL and of the
 * tools that hand its settings on.
 *
 * @param prefix What stands before the keys, such as "trl.".
 */
export function rolloutRules(prefix = ""): Rule[] {
  const key = (name: string): string => `${prefix}${name}`;
  return [
    counted(key("num_generations"), "train.generations"),
    counted(key("max_completion_length"), "train.completion_tokens"),
    counted(key("max_prompt_length"), "train.prompt_tokens"),
    counted(
      key("steps_per_generation"),
      "train.rollout.steps_per_generation",
    ),
    counted(key("num_iterations"), "train.rollout.iterations"),
    switched(
      key("vllm_importance_sampling_correction"),
      "train.rollout.importance_sampling",
      true,
      false,
    ),
    {
      keys: [key("use_vllm")],
      fields: ["train.rollout.engine"],
      values:
        "true → vllm, external where vllm_mode is server; false → transformers",
      read: (setting, draft, all) => {
        const on = switchOf(setting, draft);
        if (on === null) return;
        const mode = plainText(all.get(key("vllm_mode")) ?? "");
        const server = mode === "server" ||
          mode === "" && all.has(key("vllm_server_host"));
        draft.state(
          setting,
          "train.rollout.engine",
          on ? server ? "external" : "vllm" : "transformers",
        );
      },
    },
    {
      keys: [key("vllm_mode"), key("vllm_server_host")],
      fields: ["train.rollout.engine"],
      values: "with use_vllm",
      read: (setting, draft, all) => {
        if (readSwitch(all.get(key("use_vllm"))) !== true) {
          draft.leave(setting, "use_vllm is not set");
        }
      },
    },
    {
      keys: [key("vllm_gpu_memory_utilization")],
      fields: [SHARE],
      read: (setting, draft, all) => {
        if (readSwitch(all.get(key("use_vllm"))) !== true) {
          draft.leave(setting, "use_vllm is not set");
        } else stateShare(setting, draft);
      },
    },
    {
      keys: [key("vllm_enable_sleep_mode"), key("sleep_level")],
      fields: ["train.rollout.sleep"],
      values: "true, or a level above 0 → true",
      read: (setting, draft) => {
        const level = Number(setting.value);
        const on = Number.isInteger(level)
          ? level > 0
          : readSwitch(setting.value);
        if (on === null) {
          draft.refuse(setting, "must be true, false or a level");
        } else draft.state(setting, "train.rollout.sleep", on);
      },
    },
  ];
}
