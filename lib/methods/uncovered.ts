import { DEFAULT_SCENARIO } from "../scenario/default_scenario.ts";
import { shown } from "../scenario/problem.ts";
import type { Scenario } from "../scenario/schema.ts";

/** Fields that say which code ran, by their section. */
type Section = Record<string, unknown>;

/**
 * Names every field that the user set and the method does not model, so that
 * nothing is ignored in silence.
 *
 * @param covered Dotted paths of the fields that the method does model, or that
 *   change no memory. A section's path covers all of it.
 */
export function uncovered(
  scenario: Scenario,
  covered: ReadonlySet<string>,
): string[] {
  const found: string[] = [];
  const visit = (value: Section, usual: Section, prefix: string): void => {
    for (const key in value) {
      const inner = value[key];
      const common = usual[key];
      if (inner === common) continue;
      const path = prefix === "" ? key : `${prefix}.${key}`;
      if (covered.has(path)) continue;
      if (isSection(inner) && isSection(common)) visit(inner, common, path);
      else if (!sameList(inner, common)) {
        found.push(`${path} = ${shown(inner)}`);
      }
    }
  };
  visit(scenario, DEFAULT_SCENARIO as Section, "");
  return found;
}

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sameList(a: unknown, b: unknown): boolean {
  return Array.isArray(a) && Array.isArray(b) && a.length === b.length &&
    a.every((value, at) => value === b[at]);
}
