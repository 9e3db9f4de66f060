import { squareLinears, targetNames } from "./square_linears.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";

/**
 * Counts LoRA's parameters as the method does: rank x (in + out) for each target
 * of each layer, with square attention projections. A count that the user gives
 * wins; for anything but plain adapters of the usual projections the exact count
 * stands in. Where no modules are named, its program counts all projections; it
 * does so for who asks for the method, and stands in for another with PEFT's own.
 *
 * Source: MiaoDX/llm_vlm_memory_estimator, `_estimate_lora_params`.
 *
 * @param exact What PEFT counts for the same settings.
 */
export function loraParameters(
  { method, train: { lora } }: Scenario,
  { architecture }: Model,
  exact: number,
): number {
  if (lora.trainable_parameters !== null) return lora.trainable_parameters;
  if (!isPlain(lora)) return exact;
  const linears = squareLinears(architecture);
  const named = lora.targets === "default" && method === "factors"
    ? "all-linear"
    : lora.targets;
  const targets = targetNames(named, architecture) ?? [];
  const modules = Object.entries(linears).filter(([module]) =>
    targets.some((target) => isTarget(module, target))
  );
  if (modules.length === 0) return exact;
  const perLayer = modules.reduce(
    (sum, [, linear]) => sum + lora.rank * (linear.in + linear.out),
    0,
  );
  return perLayer * architecture.layers;
}

/** Whether nothing trains but A and B of linear layers. */
function isPlain(lora: Scenario["train"]["lora"]): boolean {
  return !lora.dora && lora.bias === "none" &&
    lora.modules_to_save.length === 0 && lora.target_parameters.length === 0;
}

/** PEFT takes a target for every module whose path ends with it. */
function isTarget(module: string, target: string): boolean {
  return module === target || module.endsWith(`.${target}`);
}
