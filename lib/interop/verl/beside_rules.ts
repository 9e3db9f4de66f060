import type { Draft, FileSetting } from "../reading/draft.ts";
import type { FileSettings, Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { readSwitch } from "../reading/values.ts";
import { ofFolder } from "../reading/vocabulary/model.ts";
import { resolveModel } from "../../models/resolve_model.ts";

/**
 * What verl trains and asks beside the policy: by default all share the same GPUs.
 *
 * Source: verl-project/verl verl/trainer/main_ppo.py, init_resource_pool_mgr, and
 * trainer/config/critic/critic.yaml
 */
export const BESIDE_RULES: readonly Rule[] = [
  {
    keys: ["algorithm.adv_estimator"],
    fields: ["train.objective", "train.critic"],
    values: "→ grpo; gae has a critic, of critic.model.path",
    read: (setting, draft, all) => {
      draft.state(setting, "train.objective", "grpo");
      if (setting.value !== "gae") return;
      const own = all.get("critic.model.path") ??
        all.get("actor_rollout_ref.model.path");
      if (own === undefined) {
        draft.leave(setting, "its critic has no model here", true);
      } else stateBeside(setting, draft, all, "critic", own);
    },
  },
  {
    keys: ["reward_model.model.path"],
    fields: ["train.reward_model"],
    values: "where reward_model.enable is true",
    read: (setting, draft, all) => {
      if (readSwitch(all.get("reward_model.enable") ?? false) !== true) {
        draft.leave(setting, "reward_model.enable is not true");
      } else stateBeside(setting, draft, all, "reward_model", setting.value);
    },
  },
];

/** A model beside the policy, where it is known and does not wait on the host. */
function stateBeside(
  setting: FileSetting,
  draft: Draft,
  all: FileSettings,
  which: "critic" | "reward_model",
  model: unknown,
): void {
  const key = `${which}.model.fsdp_config.param_offload`;
  const given = plainText(model);
  const name = ofFolder(given)?.id ?? given;
  if (readSwitch(all.get(key) ?? false) === true) {
    draft.leave(setting, `${key} lets the model wait on the host`, true);
  } else if (!resolveModel(name).ok) {
    draft.leave(setting, `nobody knows the model ${name.slice(0, 100)}`, true);
  } else draft.state(setting, `train.${which}`, name);
}
