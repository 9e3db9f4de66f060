import { fieldAt } from "../../scenario/field_list.ts";
import { Draft } from "./draft.ts";

/** Most values that are given beside files. */
export const MAX_GIVEN = 64;

/** What answers to what is missing: variables of scripts, and fields. */
export interface GivenValues {
  variables: ReadonlyMap<string, string>;
  /** What states the fields; null where none is given. */
  draft: Draft | null;
}

/**
 * Parts what is given beside files: a field's path states the field, another name
 * is a variable of a script.
 */
export function givenValues(
  given: Readonly<Record<string, string>>,
): GivenValues {
  const variables = new Map<string, string>();
  const draft = new Draft();
  for (const [name, text] of Object.entries(given).slice(0, MAX_GIVEN)) {
    const value = text.trim();
    if (value === "") continue;
    if (name === "model" || name.startsWith("model.dims.") || fieldAt(name)) {
      draft.state({ key: name, value }, name, value);
    } else variables.set(name, value);
  }
  return { variables, draft: draft.stated.size > 0 ? draft : null };
}
