import { DTYPE_BYTES } from "../dtype.ts";
import { roundedBytes } from "../tape.ts";
import type { OptimizerRule, Trained } from "./rules.ts";

/** How an optimizer goes through its tensors. */
export type Implementation = "foreach" | "fused" | "for-loop";

/**
 * What stands beside parameters, gradients and states at the peak of a step:
 * foreach makes its temporaries of all tensors at once, a loop of one tensor at a
 * time, a fused kernel of none.
 *
 * Source: pytorch torch/optim/adamw.py, _multi_tensor_adamw and
 * _single_tensor_adamw
 */
export function stepTemporaries(
  { temporaries }: OptimizerRule,
  implementation: Implementation,
  tensors: readonly Trained[],
): number {
  const sizes = tensors.map((tensor) => ({
    bytes: roundedBytes(tensor.elements * DTYPE_BYTES[tensor.dtype]),
    copies: tensor.copies,
  }));
  switch (implementation) {
    case "fused":
      return 0;
    case "foreach":
      return temporaries.foreach *
        sizes.reduce((sum, { bytes, copies }) => sum + bytes * copies, 0);
    case "for-loop":
      return temporaries.loop *
        sizes.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  }
}
