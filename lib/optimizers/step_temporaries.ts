import { roundedBytes } from "../play/memory/tape.ts";
import type { OptimizerRule, Trained } from "./rule.ts";

/** How an optimizer goes through its tensors. */
export type Implementation = "foreach" | "fused" | "for-loop";

function oneOf(rule: OptimizerRule, tensor: Trained): number {
  return rule.foreachOne(tensor).reduce(
    (sum, bytes) => sum + roundedBytes(bytes),
    0,
  );
}

/**
 * What stands beside parameters, gradients and states at the peak of a step:
 * foreach makes its temporaries of all tensors at once; a loop makes one tensor's
 * while its names still hold some of the tensor before; a fused kernel makes none.
 *
 * Source: pytorch torch/optim/adamw.py, _multi_tensor_adamw and
 * _single_tensor_adamw
 */
export function stepTemporaries(
  rule: OptimizerRule,
  implementation: Implementation,
  tensors: readonly Trained[],
): number {
  switch (implementation) {
    case "fused":
      return 0;
    case "foreach":
      return tensors.reduce(
        (sum, tensor) =>
          sum + tensor.copies * roundedBytes(rule.foreach(tensor)),
        0,
      ) + Math.max(0, ...tensors.map((tensor) => oneOf(rule, tensor)));
    case "for-loop": {
      let most = 0;
      let before = 0;
      for (const tensor of tensors) {
        const own = roundedBytes(rule.own(tensor));
        most = Math.max(most, own + before);
        before = roundedBytes(rule.kept(tensor));
      }
      return most;
    }
  }
}
