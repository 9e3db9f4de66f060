import type { Scenario } from "../../scenario/schema.ts";

/** A setting that cannot be played through yet, and why. */
type Rule = readonly [
  holds: (scenario: Scenario) => boolean,
  reason: (scenario: Scenario) => string,
];

const RULES: readonly Rule[] = [
  [({ task }) => task === "serve", () => "serving is not played through yet"],
];

/** Why a scenario's step cannot be played through; null when it can. */
export function uncoveredBy(scenario: Scenario): string | null {
  return RULES.find(([holds]) => holds(scenario))?.[1](scenario) ?? null;
}
