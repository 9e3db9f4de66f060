import type { Scenario } from "./schema.ts";

/** The weights' format; QLoRA means NF4 where the scenario does not say. */
export function weightFormat(scenario: Scenario): string {
  const { weights } = scenario.quantization;
  const qlora = scenario.task === "train" && scenario.train.method === "qlora";
  return weights === "none" && qlora ? "nf4" : weights;
}
