import type { Scenario } from "./schema.ts";
import { scenarioSchema } from "./schema.ts";

/** Stands for the model where only the other fields' defaults are asked for. */
const ANY_MODEL = "-";

/** Every field's default. The model has none; do not read it here. */
export const DEFAULT_SCENARIO: Scenario = scenarioSchema.parse({
  model: ANY_MODEL,
});
