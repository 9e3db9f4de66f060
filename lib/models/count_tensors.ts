import type { Architecture } from "./architecture.ts";
import type { Tensor } from "./tensors/tensor.ts";
import { copiesOf, elementsOf } from "./tensors/tensor.ts";

/** How many parameters a model has, and how many of them one token uses. */
export interface ParameterCount {
  total: number;
  active: number;
}

/**
 * Adds up the tensors of a model. Of routed experts a token uses
 * `experts_per_token`.
 */
export function countTensors(
  tensors: readonly Tensor[],
  { experts, experts_per_token }: Architecture,
): ParameterCount {
  let total = 0;
  let routed = 0;
  for (const tensor of tensors) {
    const elements = elementsOf(tensor) * copiesOf(tensor);
    total += elements;
    if (tensor.expert) routed += elements;
  }
  const used = experts > 0 ? Math.min(1, experts_per_token / experts) : 1;
  return { total, active: total - Math.round(routed * (1 - used)) };
}
