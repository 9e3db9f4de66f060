import type { AdvisedSet, Scenario } from "../lib/mod.ts";
import { fromQuery, parseScenario, toQuery } from "../lib/mod.ts";

/** The query of a scenario with some of its fields set, as its address has it. */
export function changedQuery(
  scenario: Scenario,
  set: AdvisedSet,
): string {
  const query = new URLSearchParams(toQuery(scenario));
  for (const [path, value] of Object.entries(set)) {
    query.set(path, String(value));
  }
  const changed = parseScenario(fromQuery(query));
  return changed.ok ? toQuery(changed.value) : query.toString();
}
