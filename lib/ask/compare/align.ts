/** What several lists have under one name: null where one has nothing. */
export interface Aligned<T> {
  name: string;
  values: (T | null)[];
}

/**
 * Lays lists of named things side by side, each list in its own order: a name
 * that only a later list has stands behind what it follows there.
 */
export function align<T extends { name: string }>(
  lists: readonly (readonly T[])[],
): Aligned<T>[] {
  const names: string[] = [];
  for (const list of lists) {
    let behind = -1;
    for (const { name } of list) {
      const at = names.indexOf(name);
      if (at < 0) names.splice(++behind, 0, name);
      else behind = at;
    }
  }
  return names.map((name) => ({
    name,
    values: lists.map((list) =>
      list.find((each) => each.name === name) ?? null
    ),
  }));
}
