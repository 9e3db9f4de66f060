import type { Field } from "../../lib/mod.ts";
import { holds, pathsOf } from "../../lib/mod.ts";
import type { FormState } from "./form_state.ts";
import { controlId } from "./control.tsx";
import { DEFAULT_TEXTS } from "./form_state.ts";
import { GroupView } from "./group.tsx";
import { PAGE_FIELDS } from "./page_fields.ts";
import type { FilledGroup, Tab } from "./tabs.ts";

/** A group of more settings, and which of its fields stand in it. */
interface Standing {
  group: FilledGroup;
  fields: readonly Field[];
}

/**
 * A tab's settings that matter only beside others. Until they are asked for, a
 * button stands in their place; those that somebody set are always there. Where
 * none matters now, they come by themselves once one does.
 */
export function MoreSettings({ tab, state }: { tab: Tab; state: FormState }) {
  const standing = standingIn(tab, state);
  const id = `more-${tab.id}`;
  const asked = state.more === tab.id;
  const shared = {
    id,
    "hx-include": "#scenario",
    "hx-get": `/settings/${tab.id}`,
  };
  if (standing.length > 0 && !asked && !isUsed(tab, state)) {
    return (
      <button
        {...shared}
        type="submit"
        class="second more"
        name={PAGE_FIELDS.more}
        value={tab.id}
        hx-swap="outerHTML"
      >
        More settings
      </button>
    );
  }
  return (
    <div {...shared} hx-swap="outerMorph" hx-trigger={whenChanged(tab)}>
      {standing.map(({ group, fields }) => (
        <GroupView group={group} state={state} fields={fields} />
      ))}
    </div>
  );
}

/** Whether a field of the tab's more settings is set or wrong. */
export function isUsed({ more }: Tab, state: FormState): boolean {
  return more.some(({ fields }) => fields.some((each) => isSet(each, state)));
}

/** The groups and fields that matter beside what stands in the form. */
function standingIn({ more }: Tab, state: FormState): Standing[] {
  const valueAt = (path: string): string =>
    state.texts.get(path) ?? DEFAULT_TEXTS.get(path) ?? "";
  return more.map((group) => {
    const matters = (group.more ?? []).every((need) => holds(need, valueAt));
    return {
      group,
      fields: group.fields.filter((field) =>
        isSet(field, state) ||
        matters && field.needs.every((need) => holds(need, valueAt))
      ),
    };
  }).filter(({ fields }) => fields.length > 0);
}

function isSet({ path }: Field, { texts, errors }: FormState): boolean {
  return errors.has(path) ||
    (texts.get(path) ?? "") !== (DEFAULT_TEXTS.get(path) ?? "");
}

/** When one of the controls changes that decide what matters in a tab. */
function whenChanged({ more }: Tab): string {
  const paths = more.flatMap((group) => [
    ...pathsOf(group.more ?? []),
    ...group.fields.flatMap(({ needs }) => pathsOf(needs)),
  ]);
  return [...new Set(paths)].map((path) => `change from:#${controlId(path)}`)
    .join(",");
}
