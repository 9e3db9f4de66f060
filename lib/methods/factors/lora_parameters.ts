import { squareLinears, targetNames } from "../../models/lora_targets.ts";
import type { Model } from "../../models/model.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { shown } from "../../scenario/problem.ts";
import type { Scenario } from "../../scenario/schema.ts";

/** How many parameters adapters add, and what was not found in the model. */
export interface LoraCount {
  parameters: number;
  warnings: string[];
}

/**
 * Counts LoRA's parameters: rank x (in + out) for each target of each layer,
 * with square attention projections. A count that the user gives wins.
 *
 * Source: MiaoDX/llm_vlm_memory_estimator, `_estimate_lora_params`.
 */
export function loraParameters(
  lora: Scenario["train"]["lora"],
  model: Model,
): Result<LoraCount> {
  if (lora.trainable_parameters !== null) {
    return {
      ok: true,
      value: { parameters: lora.trainable_parameters, warnings: [] },
    };
  }
  const { architecture } = model;
  const linears = squareLinears(architecture);
  const targets = [...new Set(targetNames(lora.targets, architecture))];
  const found = Object.keys(linears).filter((module) =>
    targets.some((target) => isTarget(module, target))
  );
  const missing = targets.filter((target) =>
    !found.some((module) => isTarget(module, target))
  );
  if (found.length === 0) {
    return {
      ok: false,
      problems: [{
        path: "train.lora.targets",
        message: `train.lora.targets must name modules of ${model.name} (${
          Object.keys(linears).join(", ")
        }): current value is ${shown(lora.targets)}`,
      }],
    };
  }
  const perLayer = found.reduce((sum, name) => {
    const linear = linears[name];
    return linear ? sum + lora.rank * (linear.in + linear.out) : sum;
  }, 0);
  return {
    ok: true,
    value: {
      parameters: perLayer * architecture.layers,
      warnings: missing.length === 0 ? [] : [
        `train.lora.targets: ${model.name} has no ${
          missing.join(", ")
        }; the other targets are counted`,
      ],
    },
  };
}

/** PEFT takes a target for every module whose path ends with it. */
function isTarget(module: string, target: string): boolean {
  return module === target || module.endsWith(`.${target}`);
}
