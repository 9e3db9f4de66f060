import type { Rule } from "../reading/format.ts";
import { countOf } from "../reading/rules.ts";

/** The Trainer's settings that a file's "auto" stands for. */
export const AUTO = "auto: the Trainer's own setting decides it";

/** A rule whose value may be "auto". */
export function orAuto(
  key: string,
  path: string,
  usual: string,
  read: Rule["read"],
  values = "auto → the Trainer's",
): Rule {
  return {
    keys: [key],
    fields: [path],
    values,
    read: (setting, draft, all) => {
      if (setting.value === "auto") {
        draft.open(path, usual, `${setting.key} is ${AUTO}`);
      } else read(setting, draft, all);
    },
  };
}

/** A count that may be "auto", and is 1 then. */
export function countOrAuto(key: string, path: string): Rule {
  return orAuto(key, path, "1", (setting, draft) => {
    const count = countOf(setting, draft);
    if (count !== null) draft.state(setting, path, count);
  });
}
