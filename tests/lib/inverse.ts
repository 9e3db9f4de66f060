import type { InversePath, ScenarioInput } from "../../lib/mod.ts";
import { largest, parseScenario } from "../../lib/mod.ts";
import type { Found } from "../../lib/ask/largest/search.ts";
import { searchLargest } from "../../lib/ask/largest/search.ts";
import type { Scenario } from "../../lib/mod.ts";
import { assertOk } from "./results.ts";

export function search(
  least: number,
  most: number,
  fits: (value: number) => boolean,
): { found: Found; asked: number[] } {
  const asked: number[] = [];
  const searching = searchLargest(least, most);
  let next = searching.next();
  while (!next.done) {
    asked.push(next.value);
    next = searching.next(fits(next.value));
  }
  return { found: next.value, asked };
}

export function scenarioOf(input: ScenarioInput): Scenario {
  const parsed = parseScenario(input);
  assertOk(parsed);
  return parsed.value;
}

export function found(input: ScenarioInput, field: InversePath) {
  const result = largest(scenarioOf(input), field);
  assertOk(result);
  return result.value;
}
