import type { AdvisedSet } from "../answer/advice.ts";
import type { Scenario } from "../scenario/schema.ts";

/** A scenario with some of its fields set, by their dotted paths. */
export function withSet(scenario: Scenario, set: AdvisedSet): Scenario {
  return Object.entries(set).reduce<Scenario>(
    (changed, [path, value]) =>
      put(changed, path.split("."), value) as Scenario,
    scenario,
  );
}

function put(
  section: object,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): object {
  const inner = (section as Record<string, unknown>)[key];
  return {
    ...section,
    [key]: rest.length === 0 ? value : put(inner as object, rest, value),
  };
}
