import type { OptimizerRule } from "../rule.ts";
import { ruleOf, times } from "../rule.ts";

/** Multiples of a tensor's bytes: of all at once, of one, of the one before. */
type Multiples = readonly [foreach: number, own: number, kept: number];

/**
 * One of torch.optim's with its defaults: no weight decay but AdamW's. States and
 * temporaries of each were traced over tensors of three sizes, multi-tensor and
 * one by one, with torch 2.13; see docs on how a step is traced.
 */
export function torchRule(
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

/** What torch.optim has a fused kernel of. */
export const FUSES: Partial<OptimizerRule> = {
  implementations: ["foreach", "fused"],
};
