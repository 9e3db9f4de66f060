import { findOptimizer } from "../../../optimizers/spellings.ts";
import type { Draft, FileSetting } from "../draft.ts";
import type { Rule } from "../format.ts";
import { plainText } from "../plain_text.ts";

/** Optimizers by name. */
export function optimizerNames(keys: readonly string[]): Rule {
  return {
    keys,
    fields: [
      "optimizer.name",
      "optimizer.bits",
      "optimizer.paged",
      "optimizer.implementation",
      "optimizer.in_backward",
    ],
    values: "the tool's names, such as paged_adamw_8bit",
    read: (setting, draft) => stateOptimizer(setting, draft),
  };
}

/** States the optimizer that a setting names. */
export function stateOptimizer(
  setting: FileSetting,
  draft: Draft,
  name: string = plainText(setting.value),
): void {
  const named = findOptimizer(name);
  if (!named) {
    draft.leave(
      setting,
      "no optimizer of a Scenario keeps its states; AdamW's are counted",
      true,
    );
    return;
  }
  const { note, ...fields } = named;
  for (const [field, value] of Object.entries(fields)) {
    draft.state(setting, `optimizer.${field}`, value);
  }
  if (note) draft.remark("optimizer.name", named.name, note);
}
