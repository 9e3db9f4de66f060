import { answerScenario } from "../answer_scenario.ts";
import type { Case } from "../case.ts";

/** A case that asks everything of a Scenario. */
export function scenarioCase(id: string, input: unknown): Case {
  return { id, answer: () => answerScenario(input) };
}
