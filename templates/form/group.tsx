import type { Field } from "../../lib/mod.ts";
import { ControlView } from "./control.tsx";
import type { FormState } from "./form_state.ts";
import { ConfigFileField, LookUpFields } from "./model_extras.tsx";
import { isShown } from "./matters.ts";
import type { FilledGroup } from "./tabs.ts";

/** Controls that belong together. */
export function GroupView(
  { group, state, fields = group.fields }: {
    group: FilledGroup;
    state: FormState;
    /** Those of its fields that stand in it. */
    fields?: readonly Field[];
  },
) {
  const controls = fields.map((field) => (
    <>
      <ControlView field={field} state={state} />
      {field.path === "model" && <LookUpFields state={state} />}
      {field.path === "model.config" && <ConfigFileField />}
    </>
  ));
  const idle = fields.every((field) => !isShown(field, state));
  const scope = [
    "group",
    ...(group.task ? [`for-${group.task}`] : []),
    ...(idle ? ["idle"] : []),
  ].join(" ");
  if (group.folded) {
    const filled = fields.some(({ path }) =>
      state.texts.has(path) || state.errors.has(path)
    );
    return (
      <details class={scope} open={filled}>
        <summary>{group.title}</summary>
        <div class="controls">{controls}</div>
      </details>
    );
  }
  return (
    <fieldset class={scope}>
      <legend class={group.quiet ? "unseen" : undefined}>{group.title}</legend>
      <div class="controls">{controls}</div>
    </fieldset>
  );
}
