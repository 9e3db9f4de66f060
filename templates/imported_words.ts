import type { Ignored, Imported } from "../lib/mod.ts";

/** Ignored settings that share a reason. */
export interface IgnoredGroup {
  reason: string;
  /** Whether memory depends on them. */
  moves_memory: boolean;
  /** Keys with their values. */
  settings: string[];
}

/** More settings than this are named without their values. */
const MANY = 8;

/** Ignored settings by reason, those that move memory first. */
export function ignoredGroups(ignored: readonly Ignored[]): IgnoredGroup[] {
  const groups = Map.groupBy(
    ignored,
    ({ reason, moves_memory }) => `${moves_memory}\n${reason}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    return [{
      reason: first.reason,
      moves_memory: first.moves_memory,
      // Of many settings that matter alike their names are enough.
      settings: group.map(({ key, value }) =>
        group.length > MANY ? key : `${key} = ${value}`
      ),
    }];
  }).toSorted((a, b) => Number(b.moves_memory) - Number(a.moves_memory));
}

/** What the texts were taken for. */
export function sourcesOf({ formats }: Pick<Imported, "formats">): string {
  return formats.map(({ title, name }) => name ? `${name} (${title})` : title)
    .join(", ");
}
