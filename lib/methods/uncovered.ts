import { fieldAt } from "../scenario/field_list.ts";
import { shown } from "../scenario/problem.ts";
import type { Leaf } from "../scenario/walk.ts";

/**
 * Names every field that the user set and the method does not model, so that
 * nothing is ignored in silence.
 *
 * @param changes The fields that differ from their defaults.
 * @param covered Dotted paths of the fields that the method does model, or that
 *   change no memory. A section's path covers all of it but what no method
 *   models yet.
 * @param meaningless Fields that no method would look at in this scenario.
 * @returns Each field with its value: "optimizer.paged = true".
 */
export function uncovered(
  changes: readonly Leaf[],
  covered: ReadonlySet<string>,
  meaningless: ReadonlyMap<string, string>,
): string[] {
  return changes
    .filter((leaf) =>
      !meaningless.has(leaf.path) &&
      (isAwaited(leaf) || !isCovered(leaf.path, covered))
    )
    .map(({ path, value }) => `${path} = ${shown(value)}`);
}

/** Whether a field or a section that it is in is among those paths. */
export function isCovered(path: string, covered: ReadonlySet<string>): boolean {
  const keys = path.split(".");
  return keys.some((_, at) => covered.has(keys.slice(0, at + 1).join(".")));
}

/** Whether no method models a field, or a value of it, yet. */
function isAwaited({ path, value }: Leaf): boolean {
  const awaited = fieldAt(path)?.awaited;
  return awaited === true || (awaited?.includes(value) ?? false);
}
