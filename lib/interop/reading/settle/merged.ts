import type { Draft, FileFacts, Stated } from "../draft.ts";
import { FACT_FIELDS, settingText } from "../draft.ts";
import type { Ignored } from "../imported.ts";

/** What several files state together; the last one wins. */
export interface Merged {
  stated: Map<string, Stated>;
  facts: Map<keyof FileFacts, Stated>;
  assumed: Map<string, { value: unknown; reason: string }>;
}

/** What files say together, and what of the earlier ones a later one undoes. */
export interface Merging {
  merged: Merged;
  /** Settings that a later file's settings take the place of. */
  overridden: Ignored[];
  /** Whether a key of a file no longer decides a field. */
  isOverridden(key: string, path: string): boolean;
}

/** Puts what the files say together, in their order. */
export function mergeDrafts(drafts: readonly Draft[]): Merging {
  const merged: Merged = {
    stated: new Map(),
    facts: new Map(),
    assumed: new Map(),
  };
  const overridden: Ignored[] = [];
  const undone = new Set<string>();
  for (const draft of drafts) {
    for (const [what, before, now] of overrides(merged, draft)) {
      undone.add(`${before.key}\n${what}`);
      overridden.push({
        key: before.key,
        value: settingText(before.value),
        reason: `${now.key} in a later file says ${settingText(now.value)}`,
        moves_memory: false,
      });
    }
    for (const [path, value] of draft.stated) merged.stated.set(path, value);
    for (const [name, value] of draft.facts) merged.facts.set(name, value);
    for (const [path, value] of draft.assumed) merged.assumed.set(path, value);
  }
  return {
    merged,
    overridden,
    isOverridden: (key, path) => undone.has(`${key}\n${path}`),
  };
}

/** What a field is so far, stated or assumed; undefined where it is neither. */
export function mergedValueAt(
  { stated, assumed }: Merged,
  path: string,
): unknown {
  return stated.get(path)?.value ?? assumed.get(path)?.value;
}

function* overrides(
  merged: Merged,
  draft: Draft,
): Generator<[what: string, before: Stated, now: Stated]> {
  for (const [path, now] of draft.stated) {
    const before = merged.stated.get(path);
    if (before && settingText(before.value) !== settingText(now.value)) {
      yield [path, before, now];
    }
  }
  for (const [name, now] of draft.facts) {
    const before = merged.facts.get(name);
    if (before && settingText(before.value) !== settingText(now.value)) {
      yield [FACT_FIELDS[name], before, now];
    }
  }
}
