import { changesOf } from "./default_scenario.ts";
import type { Scenario } from "./schema.ts";
import { putAt } from "./walk.ts";

/**
 * Writes a Scenario as short as it can be in JSON: the model, then the fields
 * that differ from their defaults. Parsed, it gives the same Scenario.
 */
export function toInput(scenario: Scenario): Record<string, unknown> {
  const { model, ...rest } = scenario;
  const input: Record<string, unknown> = { model };
  for (const { path, value } of changesOf(rest)) {
    putAt(input, path, value);
  }
  return input;
}
