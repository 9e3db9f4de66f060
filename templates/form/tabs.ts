import type { Field, FieldGroup, GroupId, TabId } from "../../lib/mod.ts";
import { fieldAt, FIELDS, GROUPS, TAB_TITLES } from "../../lib/mod.ts";

/** A group of the form with its fields. */
export type FilledGroup = FieldGroup & { fields: readonly Field[] };

/** One of the five tabs. */
export interface Tab {
  id: TabId;
  title: string;
  /** What always stands in it. */
  groups: readonly FilledGroup[];
  /** What stands in it once it is asked for, where it matters. */
  more: readonly FilledGroup[];
}

const FILLED: readonly FilledGroup[] = Object.entries(GROUPS)
  .map(([id, group]) => ({ ...group, fields: fieldsOf(id as GroupId, group) }));

/** The form: each field of a Scenario has its place. */
export const TABS: readonly Tab[] = Object.entries(TAB_TITLES)
  .map(([id, title]) => {
    const own = FILLED.filter(({ tab }) => tab === id);
    return {
      id: id as TabId,
      title,
      groups: own.filter(({ more }) => more === undefined),
      more: own.filter(({ more }) => more !== undefined),
    };
  });

/** What the form calls the field at a path, where a Scenario has it. */
export function labelOf(path: string): string | undefined {
  return fieldAt(path)?.label;
}

/** The fields of a group in the form's order: switches stand below the rest. */
function fieldsOf(id: GroupId, { first = [] }: FieldGroup): Field[] {
  const own = FIELDS.filter(({ group }) => group === id);
  const leading = first.flatMap((path) =>
    own.find((field) => field.path === path) ?? []
  );
  const rest = own.filter(({ path }) => !first.includes(path));
  const isSwitch = ({ values, options }: Field): boolean =>
    values.kind === "switch" && options === undefined;
  return [
    ...leading,
    ...rest.filter((field) => !isSwitch(field)),
    ...rest.filter(isSwitch),
  ];
}
