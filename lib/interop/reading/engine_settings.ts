import type { Field } from "../../scenario/field_list.ts";
import type { GroupId } from "../../scenario/groups.ts";
import { fieldAt, FIELDS } from "../../scenario/field_list.ts";
import type { Draft, FileSetting } from "./draft.ts";
import type { Rule } from "./format.ts";
import { plainText } from "./plain_text.ts";
import { readSwitch, readType } from "./values.ts";

/** Settings of an engine that a Scenario has by the engine's own names. */
export function engineSettings(
  group: GroupId,
  keysOf: (name: string) => readonly string[],
  only?: readonly string[],
): Rule[] {
  return settingsIn(group, only).map(({ path }) =>
    setting(keysOf(nameOf(path)), path)
  );
}

/** The fields of `engine` in a group of settings, or those of some names. */
export function settingsIn(
  group: GroupId,
  only?: readonly string[],
): readonly Field[] {
  return FIELDS.filter((field) =>
    field.group === group && field.path.startsWith("engine.") &&
    (only === undefined || only.includes(nameOf(field.path)))
  );
}

/** An engine's own name of a setting. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

/** A setting that a field takes as an engine writes it. */
export function setting(keys: readonly string[], path: string): Rule {
  return {
    keys,
    fields: [path],
    read: (given, draft) => {
      if (given.value === "auto") {
        draft.open(
          path,
          "auto",
          `${given.key} is auto: the tool that starts the engine decides it`,
        );
      } else stateSetting(given, draft, path);
    },
  };
}

/** States a field by the kind of its values. */
export function stateSetting(
  given: FileSetting,
  draft: Draft,
  path: string,
): void {
  const { values } = fieldAt(path) ?? {};
  const options = values?.kind === "choice" ? values.options : null;
  if (options?.includes("true")) {
    const on = readSwitch(given.value);
    if (on === null) draft.refuse(given, "must be true or false");
    else draft.state(given, path, on);
  } else if (options) {
    const name = readType(given.value) ?? plainText(given.value);
    if (options.includes(name)) draft.state(given, path, name);
    else draft.refuse(given, `must be one of ${options.join(", ")}`);
  } else {
    const number = typeof given.value === "string"
      ? Number(given.value.trim() || NaN)
      : given.value;
    // Tools compute some of them and write what comes out.
    if (typeof number === "number" && number >= 0 && Number.isFinite(number)) {
      draft.state(given, path, Math.trunc(number));
    } else draft.refuse(given, "must be a number");
  }
}

/** Gradients are clipped wherever a norm above 0 is given. */
export function clipping(...keys: string[]): Rule {
  const path = "engine.gradient_clipping";
  return {
    keys,
    fields: [path],
    values: "a norm above 0 → true",
    read: (given, draft) => {
      const norm = Number(given.value);
      if (given.value === "auto") {
        draft.open(
          path,
          "auto",
          `${given.key} is auto: the tool that starts the engine decides it`,
        );
      } else if (Number.isFinite(norm)) draft.state(given, path, norm > 0);
      else draft.refuse(given, "must be a number");
    },
  };
}
