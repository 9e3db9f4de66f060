import type { Parameter } from "../play/torch/values.ts";
import type { OptimizerRule, Trained } from "./rule.ts";
import type { Implementation } from "./rule.ts";
import { temporaryBytes } from "./step_acts.ts";

/**
 * What the optimizer takes to step one parameter within the backward pass, where
 * each parameter has an optimizer of its own.
 *
 * @param trained What trains; parameters outside of layers are found by name.
 * @returns The bytes of a parameter's step.
 */
export function stepOfOne(
  rule: OptimizerRule,
  implementation: Implementation,
  trained: readonly Trained[],
): (parameter: Parameter) => number {
  const outside = new Map(trained.map((tensor) => [tensor.name, tensor]));
  return (parameter) =>
    temporaryBytes({
      rule,
      implementation,
      trained: [{
        embedding: false,
        // Layers name their parameters from the layer on.
        hidden: parameter.shape.length === 2,
        ...outside.get(parameter.name),
        ...parameter,
        copies: 1,
      }],
    });
}
