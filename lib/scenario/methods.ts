/** Methods that a Scenario can ask for. */
export const METHODS = [
  "timeline",
  "factors",
  "engine-formulas",
  "multipliers",
  "rule-of-thumb",
] as const;
