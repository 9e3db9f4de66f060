import { CALCULATOR_FLAGS, SYNONYMS } from "./calculator_flags.ts";
import type { Field } from "./field_list.ts";
import { FIELDS } from "./field_list.ts";
import type { Flag } from "./flag.ts";
import type { FieldGroup } from "./groups.ts";
import { GROUPS } from "./groups.ts";

/**
 * Every flag that sets a field. Where several set the same, the later ones win:
 * a field's own flag over what a calculator's says of it among other things.
 */
export const FLAGS: readonly Flag[] = [
  ...CALCULATOR_FLAGS,
  ...FIELDS.flatMap(ownFlag),
  ...SYNONYMS.map((flag) => ({ ...flag, group: "Other names" })),
];

/** The flag of a field's definition, if it has one. */
function ownFlag(field: Field): Flag[] {
  const { path, flag, help = "" } = field;
  if (flag === undefined) return [];
  const group: FieldGroup = GROUPS[field.group];
  if (typeof flag !== "string") {
    // Of the flags of the calculators, factors are asked for least.
    const isFactor = path.startsWith("factors.");
    return [{ ...flag, path, ...(isFactor ? { group: group.title } : {}) }];
  }
  return [{
    name: flag,
    value: placeholder(field),
    path,
    help: help.replaceAll("`", ""),
    group: group.title,
  }];
}

/** What stands behind a flag in the help. */
function placeholder({ values, unit }: Field): string {
  if (values.kind === "choice") {
    return values.options.includes("true") ? "<bool>" : "<choice>";
  }
  if (values.kind === "switch") return "<bool>";
  if (values.kind === "text") return "<value>";
  return unit === undefined ? "<n>" : `<${unit}>`;
}
