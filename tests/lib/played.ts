import { assert, assertEquals } from "@std/assert";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { estimateScenario, tryEstimate } from "../../lib/mod.ts";
import type { Estimate, Scenario, ScenarioInput } from "../../lib/mod.ts";
import type { Model } from "../../lib/models/model.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";
import { playedStep } from "../../lib/methods/timeline/remembered.ts";
import { roundedBytes } from "../../lib/play/memory/tape.ts";
import { DTYPE_BYTES } from "../../lib/play/torch/dtype.ts";
import type { Step } from "../../lib/engines/step.ts";
import { playStep } from "../../lib/engines/step.ts";
import { assertOk, assertPlayed } from "./results.ts";

/** A whole scenario, and its model. */
function asked(input: ScenarioInput): { scenario: Scenario; model: Model } {
  const scenario = parseScenario(input);
  assertOk(scenario);
  const model = resolveModel(scenario.value.model);
  assertOk(model);
  return { scenario: scenario.value, model: model.value };
}

/** The scenario's step, which has to be one that is played. */
export function played(input: ScenarioInput): Step {
  const { scenario, model } = asked(input);
  const step = playStep(scenario, model);
  assertPlayed(step);
  return step;
}

/** The scenario's estimate, by whatever method answers. */
export function estimated(input: ScenarioInput): Estimate {
  const result = tryEstimate(input);
  assertOk(result);
  return result.value;
}

/** Plays a step, and holds its sums and its estimate's against each other. */
export function holds(input: ScenarioInput): void {
  const named = JSON.stringify(input);
  const { scenario, model } = asked(input);
  // The estimate is of the same step, which is remembered.
  const once = playedStep(scenario, model);
  assertPlayed(once);
  const { step, peaks: { allocated, reserved } } = once;
  const { phases } = step;
  assertEquals(phases.backwardEnd - phases.steady, gradientBytes(step), named);
  assert(allocated >= step.peak.bytes, named);
  assert(reserved >= allocated, named);
  const estimate = estimateScenario(scenario, model);
  assertOk(estimate);
  const { memory, method } = estimate.value;
  assertEquals(method, "timeline", named);
  const sum = memory.parts.reduce((total, { bytes }) => total + bytes, 0);
  assert(
    [memory.allocated_peak_bytes, memory.device_peak_bytes].includes(sum),
    `${named}: ${sum} of ${memory.allocated_peak_bytes}`,
  );
}

/** What the parameters that train have of gradients once all have come. */
function gradientBytes({ plan, rule }: Step): number {
  if (plan.scenario.optimizer.in_backward || rule.inBackward) return 0;
  return plan.inventory.trained.reduce(
    (total, { elements, dtype, copies }) =>
      total + copies * roundedBytes(elements * DTYPE_BYTES[dtype]),
    0,
  );
}
