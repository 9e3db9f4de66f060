import { readPattern } from "../../patterns/mod.ts";
import type { Draft } from "../reading/draft.ts";
import type { FileSettings, Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { readNames } from "../reading/values.ts";
import { knownModel } from "../reading/vocabulary/known_model.ts";
import { trainsBehind } from "./frozen_share.ts";

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
  values:
    "a pattern of what trains; a ratio freezes the first of a catalogue's model",
  read: (setting, draft, all) => {
    if (draft.facts.get("adapters")?.value !== false) {
      return draft.leave(setting, "adapters train, whatever is frozen");
    }
    const ratio = Number(all.get("freeze_parameters_ratio") ?? 0);
    const frozen = partsOf(all, "freeze_parameters");
    const trains = partsOf(all, "trainable_parameters");
    const behind = ratio > 0 && ratio < 1 ? behindShare(draft, ratio) : null;
    if (ratio !== 0 && ratio !== 1 && behind === null) {
      return draft.leave(
        setting,
        "the order of the model's parameters, of which a share is frozen, is not known",
        true,
      );
    }
    const unless = frozen.length === 0 ? "" : `(?!${frozen.join("|")})`;
    const parts = [
      ...behind
        ? [`${unless}(?:${behind})`]
        : ratio === 1 || frozen.length === 0
        ? []
        : [`${unless}.*`],
      ...trains.map((each) => `(?:${each}).*`),
    ];
    if (parts.length === 0 || (ratio === 0 && frozen.length === 0)) {
      return draft.leave(setting, "nothing is frozen");
    }
    draft.state(setting, "train.trainable_parameters", parts.join("|"));
  },
};

/** What trains behind a share that is frozen, of a model of the catalogue. */
function behindShare(draft: Draft, ratio: number): string | null {
  const model = knownModel(draft);
  const pattern = model && trainsBehind(model, ratio);
  return pattern && readPattern(pattern).ok ? pattern : null;
}

/** What a name begins with, and what is found in it. */
function partsOf(all: FileSettings, key: string): string[] {
  const names = readNames(all.get(key) ?? []) ?? [];
  const pattern = plainText(all.get(`${key}_regex`) ?? "");
  return [
    ...names.map((name) => name.replaceAll(".", "\\.")),
    ...pattern === "" ? [] : [`.*(?:${pattern})`],
  ];
}
