/** Methods that a Scenario can ask for. */
export const METHOD_NAMES = [
  "timeline",
  "factors",
  "engine-formulas",
  "multipliers",
  "rule-of-thumb",
] as const;
