import type { Scenario } from "../../scenario/schema.ts";
import type { ModelCode } from "../plan/model_code.ts";
import { roundedBytes } from "../tape.ts";
import { bitsandbytesRule, torchaoRule } from "./low_bit_rules.ts";
import { OTHER_RULES } from "./other_rules.ts";
import type { OptimizerRule, Trained } from "./rule.ts";
import type { Implementation } from "./step_temporaries.ts";
import { TORCH_RULES } from "./torch_rules.ts";

type Optimizer = Scenario["optimizer"];

const RULES: Readonly<Record<string, OptimizerRule>> = {
  ...TORCH_RULES,
  ...OTHER_RULES,
};

/** The rule of an optimizer; null for one whose memory is not known. */
export function optimizerRule(
  { name, bits, paged }: Optimizer,
  library: ModelCode["lowBitStates"] = "bitsandbytes",
): OptimizerRule | null {
  if (bits === 4) return torchaoRule(name, bits);
  if (bits === 8) {
    return library === "torchao" && !paged
      ? torchaoRule(name, bits)
      : bitsandbytesRule(name, bits);
  }
  if (paged) return bitsandbytesRule(name, bits);
  return Object.hasOwn(RULES, name) ? RULES[name] ?? null : null;
}

/**
 * Bytes of each state tensor; a fused kernel keeps the count of steps on the
 * device.
 *
 * Source: pytorch torch/optim/adam.py, _init_group
 */
export function statesOf(
  rule: OptimizerRule,
  implementation: Implementation,
  tensor: Trained,
): number[] {
  const states = rule.states(tensor);
  return implementation === "fused" && states.length > 0
    ? [...states, COUNTER]
    : states;
}

/** Bytes of a count of steps. */
const COUNTER = 4;

/** The bytes of all states of so many tensors. */
export function stateBytes(
  rule: OptimizerRule,
  implementation: Implementation,
  tensors: readonly Trained[],
): number {
  return tensors.reduce(
    (sum, tensor) =>
      sum + tensor.copies *
        statesOf(rule, implementation, tensor).reduce(
          (total, bytes) => total + roundedBytes(bytes),
          0,
        ),
    0,
  );
}
