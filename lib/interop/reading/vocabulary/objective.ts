import type { Rule } from "../format.ts";
import { plainText } from "../plain_text.ts";

/** Why what a run learns from beside its own model is left out. */
const OTHERS =
  "reference, reward and value models, paired answers and rollouts are not estimated";

/**
 * What a run is trained for.
 *
 * @param names The tool's names of objectives that a Scenario has.
 * @param plain Its names of learning the next token, which needs no word.
 */
export function objectiveRule(
  key: string,
  names: Readonly<Record<string, string>>,
  plain: readonly string[] = [],
): Rule {
  return {
    keys: [key],
    fields: ["train.objective"],
    values: Object.entries(names).map(([name, objective]) =>
      name === objective ? name : `${name} → ${objective}`
    ).join(", "),
    read: (setting, draft) => {
      const name = plainText(setting.value).toLowerCase();
      if (plain.includes(name)) {
        draft.leave(setting, "one model and its loss are estimated, as here");
      } else if (Object.hasOwn(names, name)) {
        draft.state(setting, "train.objective", names[name]);
      } else draft.leave(setting, OTHERS, true);
    },
  };
}
