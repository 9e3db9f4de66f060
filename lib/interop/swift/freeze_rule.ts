import type { FileSettings, Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { readNames } from "../reading/values.ts";

/**
 * Parameters that are frozen and those that train all the same, by the beginning of
 * their names or by patterns that are found in them.
 *
 * Source: modelscope/ms-swift swift/utils/transformers_utils.py, freeze_parameters,
 * activate_parameters
 */
export const FREEZE_RULE: Rule = {
  keys: [
    "freeze_parameters",
    "freeze_parameters_regex",
    "freeze_parameters_ratio",
    "trainable_parameters",
    "trainable_parameters_regex",
  ],
  fields: ["train.trainable_parameters"],
  values: "a pattern of what trains; a ratio between 0 and 1 has no field",
  read: (setting, draft, all) => {
    if (draft.facts.get("adapters")?.value !== false) {
      return draft.leave(setting, "adapters train, whatever is frozen");
    }
    const ratio = Number(all.get("freeze_parameters_ratio") ?? 0);
    if (ratio !== 0 && ratio !== 1) {
      return draft.leave(
        setting,
        "a share of the parameters is frozen, which no field says",
        true,
      );
    }
    const frozen = partsOf(all, "freeze_parameters");
    const trains = partsOf(all, "trainable_parameters");
    const parts = [
      ...ratio === 1 || frozen.length === 0
        ? []
        : [`(?!${frozen.join("|")}).*`],
      ...trains.map((each) => `(?:${each}).*`),
    ];
    if (parts.length === 0 || (ratio === 0 && frozen.length === 0)) {
      return draft.leave(setting, "nothing is frozen");
    }
    draft.state(setting, "train.trainable_parameters", parts.join("|"));
  },
};

/** What a name begins with, and what is found in it. */
function partsOf(all: FileSettings, key: string): string[] {
  const names = readNames(all.get(key) ?? []) ?? [];
  const pattern = plainText(all.get(`${key}_regex`) ?? "");
  return [
    ...names.map((name) => name.replaceAll(".", "\\.")),
    ...pattern === "" ? [] : [`.*(?:${pattern})`],
  ];
}
