import { assert, assertEquals } from "@std/assert";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { tryEstimate } from "../../lib/mod.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";
import { allocatorPeaks } from "../../lib/play/readers/allocator/peaks.ts";
import { roundedBytes } from "../../lib/play/memory/tape.ts";
import { DTYPE_BYTES } from "../../lib/play/torch/dtype.ts";
import type { Step } from "../../lib/engines/step.ts";
import { playStep } from "../../lib/engines/step.ts";

/** The scenario's step, which has to be one that is played. */
export function played(input: ScenarioInput): Step {
  const scenario = parseScenario(input);
  assert(scenario.ok, JSON.stringify(scenario));
  const model = resolveModel(scenario.value.model);
  assert(model.ok, model.ok ? "" : JSON.stringify(model));
  const step = playStep(scenario.value, model.value);
  if ("reason" in step) throw new Error(step.reason);
  return step;
}

/** The scenario's estimate, by whatever method answers. */
export function estimated(input: ScenarioInput): Estimate {
  const result = tryEstimate(input);
  assert(result.ok, JSON.stringify(result));
  return result.value;
}

/** Plays a step, and holds its sums against each other. */
export function holds(input: ScenarioInput): void {
  const named = JSON.stringify(input);
  const step = played(input);
  const { phases } = step;
  assertEquals(phases.backwardEnd - phases.steady, gradientBytes(step), named);
  const { allocated, reserved } = allocatorPeaks(step);
  assert(allocated >= step.peak.bytes, named);
  assert(reserved >= allocated, named);
  const { memory, method } = estimated(input);
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
