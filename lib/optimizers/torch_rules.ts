import type { OptimizerRule, Trained } from "./rule.ts";
import { bytesOf, like, ruleOf, sidesOf, times } from "./rule.ts";

/** Multiples of a tensor's bytes: of all at once, of one, of the one before. */
type Multiples = readonly [foreach: number, own: number, kept: number];

function torchRule(
  states: OptimizerRule["states"],
  [foreach, own, kept]: Multiples,
  more: Partial<OptimizerRule> = {},
): OptimizerRule {
  return ruleOf({
    states,
    foreach: times(foreach),
    own: times(own),
    kept: times(kept),
    implementations: ["foreach"],
    usual: "foreach",
    ...more,
  });
}

const FUSES: Partial<OptimizerRule> = { implementations: ["foreach", "fused"] };

/**
 * torch.optim's optimizers with their defaults: no weight decay but AdamW's.
 * States and temporaries of each were traced over tensors of three sizes,
 * multi-tensor and one by one, with torch 2.13; see docs on how a step is traced.
 */
export const TORCH_RULES: Readonly<Record<string, OptimizerRule>> = {
  sgd: torchRule(like(0), [0, 0, 0], FUSES),
  "sgd-momentum": torchRule(like(1), [0, 0, 0], FUSES),
  nesterov: torchRule(like(1), [0, 1, 0], FUSES),
  adam: torchRule(like(2), [1, 2, 1], FUSES),
  adamw: torchRule(like(2), [1, 2, 1], FUSES),
  amsgrad: torchRule(like(3), [1, 2, 1], FUSES),
  nadam: torchRule(like(2), [1, 2, 1]),
  radam: torchRule(like(2), [1, 2, 0]),
  adamax: torchRule(like(2), [1, 1, 0]),
  adagrad: torchRule(like(1), [2, 1, 1], FUSES),
  adadelta: torchRule(like(2), [2, 2, 1]),
  rmsprop: torchRule(like(1), [1, 1, 1]),
  asgd: torchRule((tensor) => [bytesOf(tensor), 4, 4, 4], [1, 0, 0]),
  rprop: torchRule(like(2), [1, 3, 0], {
    // torch.where() of one tensor after the other, and its condition.
    foreachOne: (tensor) => [bytesOf(tensor), tensor.elements],
  }),
  "sparse-adam": torchRule(like(2), [0, 2, 0], {
    implementations: [],
    usual: "for-loop",
    basis: "assumed",
  }),
  muon: ruleOf({
    states: (tensor) => like(tensor.hidden ? 1 : 2)(tensor),
    own: muonStep,
    kept: (tensor) => tensor.hidden ? 0 : bytesOf(tensor),
  }),
};

/**
 * Newton-Schulz on one matrix: the update in its own type, the iterate and its
 * successor in bf16, the Gram matrix and its polynomial. What is no matrix of a
 * layer goes to an AdamW beside it.
 *
 * Source: pytorch torch/optim/_muon.py, _zeropower_via_newtonschulz
 */
function muonStep(tensor: Trained): number {
  const bytes = bytesOf(tensor);
  if (!tensor.hidden) return 2 * bytes;
  const side = Math.min(...sidesOf(tensor));
  return bytes + 2 * 2 * tensor.elements + 2 * 2 * side ** 2;
}
