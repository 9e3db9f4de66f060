import type { Rule } from "../format.ts";
import { readCount } from "../values.ts";

/**
 * Patterns of the parameters that train, which match the beginning of names; a range
 * of rows in brackets is of those that train of a tensor, which all are taken to.
 *
 * Source: axolotl-ai-cloud/axolotl 0.18 src/axolotl/utils/freeze.py,
 * freeze_layers_except, LayerNamePattern
 */
export function unfrozenRule(key: string): Rule {
  return {
    keys: [key],
    fields: ["train.trainable_parameters"],
    values: "a pattern that matches what any of them begins",
    read: (setting, draft) => {
      const { value } = setting;
      const all = Array.isArray(value) ? value.map(String) : [];
      if (all.length === 0) return draft.leave(setting, "empty");
      if (draft.facts.get("adapters")?.value === true) {
        return draft.leave(setting, "adapters train");
      }
      const patterns = all.map((each) =>
        each.replace(/\[\d*:\d*\]$/, "").replace(/^\^/, "").replace(/\$$/, "")
          .replace(/(?<!\\)\.(?!\+)/g, "\\.")
      );
      if (all.some((each) => /\[\d*:\d*\]$/.test(each))) {
        draft.remark(
          "train.trainable_parameters",
          patterns.join("|"),
          "rows of a tensor in brackets cost what all of its rows do",
        );
      }
      draft.state(
        setting,
        "train.trainable_parameters",
        `(?:${patterns.join("|")}).*`,
      );
    },
  };
}

/** The last layers that train, or with a minus the first. */
export function trainedLayersRule(key: string, kind: string): Rule {
  return {
    keys: [key],
    fields: ["train.trainable_layers"],
    values: `where ${kind} is freeze`,
    read: (setting, draft, all) => {
      if (all.get(kind) !== "freeze") {
        return draft.leave(setting, `${kind} is not freeze`);
      }
      const text = String(setting.value).trim();
      const layers = readCount(text.replace(/^-/, ""));
      if (layers === null) {
        return draft.refuse(setting, "must be a whole number other than 0");
      }
      draft.state(
        setting,
        "train.trainable_layers",
        text.startsWith("-") ? -layers : layers,
      );
    },
  };
}
