import type { Step } from "../../lib/engines/step.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";
import { assertOk } from "./results.ts";

/** The phases of a step, by the names that files of traced steps give them. */
export const PHASES: Readonly<Record<string, keyof Step["phases"]>> = {
  load: "load",
  forward: "forward",
  backward_start: "backwardStart",
  backward: "backward",
  backward_end: "backwardEnd",
  optimizer: "optimizer",
  steady: "steady",
};

/** A scenario and its model, both of which have to be right. */
export function askedOf(input: unknown, name = "") {
  const scenario = parseScenario(input);
  assertOk(scenario, name);
  const model = resolveModel(scenario.value.model);
  assertOk(model, name);
  return { scenario: scenario.value, model: model.value };
}
