import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import { UNSET } from "../reading/shell/variables.ts";

/** Names a variable that the script does not set, where a rule needs it. */
export function withVariables(rule: Rule): Rule {
  return {
    ...rule,
    read: (setting, draft, all) => {
      const text = plainText(setting.value);
      const flag = `--${setting.key}`;
      if (text.includes(UNSET)) {
        const name = text.slice(text.indexOf(UNSET) + 1).split(/\s/)[0]
          ?.slice(0, 60) ?? "";
        // A tokenizer's path is often given from outside, and only helps.
        if (setting.key.startsWith("tokenizer")) {
          return draft.leave(
            { ...setting, value: text.replaceAll(UNSET, "$") },
            `$${name} is not set in the text`,
          );
        }
        draft.problems.push({
          path: setting.key,
          message:
            `${flag} is $${name}, which the text does not set: add a line that sets it`,
        });
        return;
      }
      rule.read(setting, draft, all);
    },
  };
}
