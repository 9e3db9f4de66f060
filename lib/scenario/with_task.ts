import type { Scenario } from "./schema.ts";

/**
 * Fills in the defaults that hang on the task: what trains is loaded in
 * `precision.weights`, what serves as the checkpoint is published.
 */
export function withTask(scenario: Scenario): Scenario {
  const { task, quantization } = scenario;
  return task === "train" && quantization.weights === null
    ? { ...scenario, quantization: { ...quantization, weights: "none" } }
    : scenario;
}
