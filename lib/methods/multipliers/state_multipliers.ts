import type { Scenario } from "../../scenario/schema.ts";

/**
 * Optimizer states as a multiple of the weights' bytes, for the fifteen
 * optimizers that the program names. They are its own: by lib/optimizers/records
 * AMSGrad keeps three states, and Adafactor's grow with rows and columns.
 *
 * Source: the document and constants of gpu_memory_calculator.py.
 */
const MULTIPLIERS: Partial<Record<Scenario["optimizer"]["name"], number>> = {
  "sgd": 0,
  "sgd-momentum": 1,
  "nesterov": 1,
  "adagrad": 1,
  "rmsprop": 1,
  "adam": 2,
  "adamw": 2,
  "adafactor": 0.5,
  "lamb": 2,
  "lion": 1,
  "nadam": 2,
  "amsgrad": 2,
  "sparse-adam": 2,
  "shampoo": 3,
  "adabelief": 2,
};

/** The multiple of an optimizer's states; null where the program has none. */
export function stateMultiplier(
  name: Scenario["optimizer"]["name"],
): number | null {
  return MULTIPLIERS[name] ?? null;
}
