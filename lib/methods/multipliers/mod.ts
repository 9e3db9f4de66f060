import type { Result } from "../../scenario/parse_scenario.ts";
import type { Answer, Question, Uncovered } from "../method.ts";
import { oneTotal } from "../one_total.ts";
import { remarks } from "./remarks.ts";
import { elementBytes, setupOf } from "./setup.ts";
import { stateMultiplier } from "./state_multipliers.ts";
import { servingTerms, trainingTerms } from "./terms.ts";
import { uncoveredBy } from "./uncovered_by.ts";

const SUMMARY =
  "Method multipliers: gradients and optimizer states as multiples of the weights, activations by layer, all added up as if they stood at once";

/**
 * The `multipliers` method: weights, gradients and optimizer states as multiples
 * of parameters × bytes, activations by layer, all added up as if they stood at
 * once.
 *
 * Source: gpu_memory_calculator.py, whose document prints 32.24 for phi-2.
 */
export function multipliers(
  { scenario, model }: Question,
): Result<Answer> | Uncovered {
  const bytes = elementBytes(scenario);
  if (bytes === null) {
    return without(`it has no ${scenario.quantization.weights} weights`);
  }
  const multiplier = scenario.task === "serve"
    ? 0
    : stateMultiplier(scenario.optimizer.name);
  if (multiplier === null) {
    return without(
      `${scenario.optimizer.name} is none of the fifteen optimizers that it knows`,
    );
  }
  const missing = uncoveredBy(scenario);
  if (missing !== null) return without(missing);
  const setup = setupOf(scenario, model, bytes);
  const served = scenario.task === "serve" ? servingTerms(setup) : null;
  const total = oneTotal(served?.terms ?? trainingTerms(setup, multiplier));
  return {
    ok: true,
    value: {
      summary: SUMMARY,
      ...total,
      ...(served ? { kv: served.kv } : {}),
      host: { peak_bytes: null },
      ...remarks(setup, total.memory.device_peak_bytes),
    },
  };
}

function without(uncovered: string): Uncovered {
  return { ok: false, uncovered };
}
