import { fieldAt } from "../scenario/field_list.ts";
import { whyMeaningless } from "../scenario/needs.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Leaf } from "../scenario/walk.ts";
import { valueAt } from "../scenario/walk.ts";

/**
 * Finds the fields that the user set but that mean nothing beside the others,
 * whatever the method, and why.
 *
 * @param changes The fields that differ from their defaults.
 */
export function unused(
  scenario: Scenario,
  changes: readonly Leaf[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path } of changes) {
    const why = whyMeaningless(
      fieldAt(path)?.needs ?? [],
      (other) => valueAt(scenario, other),
    );
    if (why !== null) found.set(path, why);
  }
  return found;
}
