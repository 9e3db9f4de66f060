import { isObject } from "../../../scenario/fields.ts";
import type { Draft, FileSetting } from "../draft.ts";
import type { Rule } from "../format.ts";
import { plainText } from "../plain_text.ts";
import { readCount, readNames } from "../values.ts";

/** Arguments of optimizers that take no memory. */
const NEUTRAL =
  /^(?:lr|learning_rate|betas?\d?|eps(?:ilon)?\d?|weight_decay|alpha|scale(?:_front)?|update_proj_gap|update_gap|proj(?:_type)?|scale_type|warmup_steps|t_\w+|mu|muon_\w+|ns_steps|nesterov|decouple|use_bias_correction|safeguard_warmup|d0|d_coef|growth_rate|cos_threshold|gamma_proj|relative_step|scale_parameter|clip_threshold|decay_rate|grokking_\w+|seed)$/;

/** Modules that stand for all matrices of layers. */
const EVERYWHERE = [/attn|attention/, /mlp|feed_forward|ffn/];

/**
 * Arguments that the Trainer hands to an optimizer as text or as a mapping: of GaLore
 * and APOLLO the rank.
 *
 * Source: huggingface/transformers trainer_optimizer.py, _parse_optim_args
 */
export const OPTIM_ARGS_RULE: Rule = {
  keys: ["optim_args"],
  fields: ["optimizer.rank"],
  values: "rank=128,update_proj_gap=200 … or a mapping",
  read: (setting, draft) => {
    const pairs = isObject(setting.value)
      ? Object.entries(setting.value)
      : plainText(setting.value).split(",").map((pair): [string, unknown] => {
        const [name = "", value = ""] = pair.split("=", 2);
        return [name.trim(), value.trim()];
      });
    for (const [name, value] of pairs) {
      if (name === "") continue;
      const one = { key: `${setting.key} ${name}`, value };
      if (name === "rank") stateRank(one, draft);
      else if (NEUTRAL.test(name)) draft.leave(one, "takes no memory");
      else draft.leave(one, "no field says it", true);
    }
  },
};

/** Modules whose gradients GaLore and APOLLO project. */
export const OPTIM_TARGETS_RULE: Rule = {
  keys: ["optim_target_modules", "galore_target", "apollo_target"],
  fields: ["optimizer.name"],
  values: "all-linear or attn and mlp: the matrices of all layers",
  read: (setting, draft) => {
    const names = setting.value === true
      ? ["all"]
      : readNames(setting.value) ?? [];
    const isAll = names.some((each) => /^all(?:[-_]linear)?$/.test(each)) ||
      EVERYWHERE.every((part) => names.some((each) => part.test(each)));
    draft.leave(
      setting,
      isAll
        ? "the matrices of all layers, as here"
        : "gradients of all layers' matrices are taken to be projected",
      !isAll,
    );
  },
};

/** A rank that a key of its own gives. */
export function rankRule(key: string): Rule {
  return {
    keys: [key],
    fields: ["optimizer.rank"],
    read: (setting, draft) => {
      if (/galore|apollo/.test(String(draft.valueAt("optimizer.name")))) {
        stateRank(setting, draft);
      } else draft.leave(setting, "no optimizer that is named projects");
    },
  };
}

function stateRank(setting: FileSetting, draft: Draft): void {
  const rank = readCount(setting.value);
  if (rank === null) draft.refuse(setting, "must be a whole number above 0");
  else draft.state(setting, "optimizer.rank", rank);
}
