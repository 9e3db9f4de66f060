import type { GroupId } from "../../scenario/groups.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { valueAt } from "../../scenario/walk.ts";
import { nameOf, settingsIn } from "../reading/engine_settings.ts";
import type { DraftBuilder } from "./draft_builder.ts";

/**
 * What a Scenario sets of an engine by the engine's own names, which the builder
 * notes as said.
 *
 * @param only The names that the tool has a place for; all where this is left out.
 */
export function settingsOf(
  scenario: Scenario,
  group: GroupId,
  builder: DraftBuilder,
  only?: readonly string[],
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { path } of settingsIn(group, only)) {
    const value = valueAt(scenario, path);
    if (value === null) continue;
    values[nameOf(path)] = value;
    builder.says(path);
  }
  return values;
}
