import type { Draft, FileFacts, FileSetting } from "./draft.ts";
import type { Rule } from "./format.ts";
import { plainText } from "./plain_text.ts";
import { readCount, readNames, readSwitch, readType } from "./values.ts";

type Keys = string | readonly string[];

/** Settings that a field takes as they are. */
export function same(keys: Keys, path: string): Rule {
  return {
    keys: listOf(keys),
    fields: [path],
    read: (setting, draft) => draft.state(setting, path, setting.value),
  };
}

/** Counts that a field takes. */
export function counted(keys: Keys, path: string): Rule {
  return {
    keys: listOf(keys),
    fields: [path],
    read: (setting, draft) => {
      const count = countOf(setting, draft);
      if (count !== null) draft.state(setting, path, count);
    },
  };
}

/** A switch that gives a field one of two values; null leaves it alone. */
export function switched(
  keys: Keys,
  path: string,
  on: unknown,
  off: unknown = null,
): Rule {
  return {
    keys: listOf(keys),
    fields: [path],
    values: `true → ${on}${off === null ? "" : `, false → ${off}`}`,
    read: (setting, draft) => {
      const value = switchOf(setting, draft);
      if (value === null) return;
      const chosen = value ? on : off;
      if (chosen === null) draft.leave(setting, "switched off");
      else draft.state(setting, path, chosen);
    },
  };
}

/** A choice among names; a null result or another name is left out, named. */
export function chosen(
  keys: Keys,
  path: string,
  names: Record<string, unknown>,
): Rule {
  return {
    keys: listOf(keys),
    fields: [path],
    values: Object.entries(names).map(([name, value]) => `${name} → ${value}`)
      .join(", "),
    read: (setting, draft) => {
      const name = plainText(setting.value).toLowerCase();
      if (Object.hasOwn(names, name)) draft.state(setting, path, names[name]);
      else draft.refuse(setting, `must be one of ${Object.keys(names)}`);
    },
  };
}

/** A list of modules, "all-linear", or a pattern for whole names. */
export function modules(keys: Keys, path: string): Rule {
  return {
    keys: listOf(keys),
    fields: [path],
    values: "a list, names between commas, all-linear, a regular expression",
    read: (setting, draft) => {
      const { value } = setting;
      const names = readNames(value);
      if (names === null) draft.refuse(setting, "must be a list of names");
      else if (names.length === 0) draft.leave(setting, "empty");
      else if (
        names.length === 1 && /^all(?:[-_]linear)?$/.test(names[0] ?? "")
      ) {
        draft.state(setting, path, "all-linear");
      } else if (typeof value === "string" && /[\\^$*+?()[\]{}|]/.test(value)) {
        draft.state(setting, path, value);
      } else draft.state(setting, path, names);
    },
  };
}

/** A type that a model is loaded in. */
export function loadedIn(keys: Keys): Rule {
  return {
    keys: listOf(keys),
    fields: ["precision.weights"],
    values: "auto → the checkpoint's",
    read: (setting, draft) => {
      const type = readType(setting.value);
      if (type) draft.fact(setting, "loaded", type);
      else if (setting.value === "auto") {
        draft.open(
          "precision.weights",
          "bf16",
          `${setting.key} is auto: the checkpoint's own type, taken as bf16`,
        );
      } else {
        draft.refuse(setting, "must be auto, bfloat16, float16 or float32");
      }
    },
  };
}

/** A switch for mixed precision in a type. */
export function mixedIn(keys: Keys, type: "bf16" | "fp16"): Rule {
  return {
    keys: listOf(keys),
    fields: ["precision.autocast", "precision.weights"],
    values: `true → ${type}`,
    read: (setting, draft) => {
      const value = switchOf(setting, draft);
      if (value) draft.fact(setting, "mixed_precision", type);
      else if (value === false) draft.leave(setting, "switched off");
    },
  };
}

/** A count that becomes a fact. */
export function countedFact(
  keys: Keys,
  name: "global_batch" | "nodes",
  fields: readonly string[],
): Rule {
  return {
    keys: listOf(keys),
    fields,
    read: (setting, draft) => {
      const count = countOf(setting, draft);
      if (count !== null) {
        draft.fact(setting, name, count as FileFacts[typeof name]);
      }
    },
  };
}

/** A setting's count; where it is none, the setting is refused. */
export function countOf(setting: FileSetting, draft: Draft): number | null {
  const count = readCount(setting.value);
  if (count === null) draft.refuse(setting, "must be a whole number above 0");
  return count;
}

/** A setting's switch; where it is none, the setting is refused. */
export function switchOf(setting: FileSetting, draft: Draft): boolean | null {
  const value = readSwitch(setting.value);
  if (value === null) draft.refuse(setting, "must be true or false");
  return value;
}

/** Settings of which none has a field. */
export function unexpressed(
  keys: Keys,
  reason: string,
  movesMemory = true,
): { keys: readonly string[]; reason: string; moves_memory: boolean } {
  return { keys: listOf(keys), reason, moves_memory: movesMemory };
}

function listOf(keys: Keys): readonly string[] {
  return typeof keys === "string" ? [keys] : keys;
}

/**
 * States whether activations are checkpointed, where several settings may do it:
 * one that is on holds.
 */
export function stateCheckpointing(
  setting: FileSetting,
  draft: Draft,
  on: boolean,
): void {
  const before = draft.stated.get("train.checkpointing")?.value;
  if (on) {
    // What another setting leaves out, this one does.
    if (before === "none") draft.stated.delete("train.checkpointing");
    draft.state(setting, "train.checkpointing", "full");
  } else if (before === undefined) {
    draft.state(setting, "train.checkpointing", "none");
  } else draft.leave(setting, "another setting checkpoints");
}
