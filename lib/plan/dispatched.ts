import type { Dispatch } from "../play/layers/expert_types.ts";
import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";

/** Over how many ranks transformers' own code deals experts out; 1 where it does not. */
export function dispatchRanks(
  { engine, parallel, software }: Pick<
    Scenario,
    "engine" | "parallel" | "software"
  >,
): number {
  return engine.name === "fsdp2" && software.model_code === "transformers" &&
      (engine.driver === null || engine.driver === "transformers")
    ? parallel.ep
    : 1;
}

/**
 * How a scenario as its ranks compute it deals experts out; null where it does not.
 *
 * Source: huggingface/transformers distributed/fsdp.py, _get_fsdp_policy_kwargs: one
 * setting casts inputs and reduces in fp32
 */
export function dispatchOf(scenario: Scenario): Dispatch | null {
  const ranks = dispatchRanks(scenario);
  return ranks === 1
    ? null
    : { ranks, narrows: scenario.engine.reduce_dtype === "fp32" };
}

/** A model with a rank's share of the experts: whole ones. */
export function dispatchedModel(model: Model, ranks: number): Model {
  if (ranks === 1) return model;
  return {
    ...model,
    tensors: model.tensors.map((tensor) => {
      const [experts = 0, ...rest] = tensor.shape;
      return tensor.expert && experts === model.architecture.experts
        ? { ...tensor, shape: [experts / ranks, ...rest] }
        : tensor;
    }),
  };
}
