import type { Scenario } from "./schema.ts";

/**
 * The share of a GPU that an engine takes where a scenario does not say: 0.9, but
 * for those that have a share of their own.
 */
const USUAL_SHARE = 0.9;
const OWN_SHARES: ReadonlySet<string> = new Set([
  "sglang",
  "tensorrt-llm",
  "tgi",
  "vllm",
]);

/**
 * Fills in the defaults that hang on other fields: what trains is loaded in
 * `precision.weights`, what serves as the checkpoint is published; and the share of
 * a GPU that the engine takes.
 */
export function withOwnDefaults(scenario: Scenario): Scenario {
  const { task, quantization, serve } = scenario;
  const isPlain = task === "train" && quantization.weights === null;
  const isUsual = serve.memory_utilization === null &&
    !OWN_SHARES.has(serve.engine);
  if (!isPlain && !isUsual) return scenario;
  return {
    ...scenario,
    ...(isPlain ? { quantization: { ...quantization, weights: "none" } } : {}),
    ...(isUsual
      ? { serve: { ...serve, memory_utilization: USUAL_SHARE } }
      : {}),
  };
}
