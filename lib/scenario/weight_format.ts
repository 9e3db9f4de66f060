import type { Scenario } from "./schema.ts";

/**
 * The weights' format by name; QLoRA means NF4 where the scenario does not say.
 * What a checkpoint is published in counts as none.
 */
export function weightFormat(scenario: Scenario): string {
  const weights = namedFormat(scenario);
  const qlora = scenario.task === "train" && scenario.train.method === "qlora";
  return weights === "none" && qlora ? "nf4" : weights;
}

/** The format that a scenario asks for by name; "none" where it asks for none. */
export function namedFormat(
  { quantization }: Pick<Scenario, "quantization">,
): string {
  return quantization.weights ?? "none";
}

/** A Scenario for those who know no checkpoint as it is published. */
export function withNamedFormat(scenario: Scenario): Scenario {
  const { quantization } = scenario;
  return quantization.weights !== null ? scenario : {
    ...scenario,
    quantization: { ...quantization, weights: namedFormat(scenario) },
  };
}
