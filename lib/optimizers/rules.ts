import type { OptimizerName } from "../scenario/optimizers.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { OptimizerCode } from "../software/model_code.ts";
import { bitsandbytesRule } from "./bitsandbytes_rule.ts";
import { RECORDS } from "./records/mod.ts";
import type { OptimizerRule, Trained } from "./rule.ts";
import type { Implementation } from "./rule.ts";
import { torchaoRule } from "./torchao_rule.ts";

/** HF Trainer. */
const TRAINER: OptimizerCode = {
  lowBitStates: "bitsandbytes",
  widensEmbeddings: true,
};

/**
 * The rule of an optimizer; null for one whose memory is not known. bitsandbytes
 * alone has paged ones.
 *
 * @param torch PyTorch's release, whose compiler makes torchao's steps.
 */
export function optimizerRule(
  { name, bits, paged, rank }: Scenario["optimizer"],
  { lowBitStates, widensEmbeddings }: OptimizerCode = TRAINER,
  torch: string | null = null,
): OptimizerRule | null {
  const { rule, ranked, bitsandbytes, torchao } = RECORDS[name];
  if (ranked) return bits === 4 ? null : ranked(rank, bits);
  if (bits === 4) return torchao ? torchaoRule(bits, torch) : null;
  if (bits === 8 && torchao && lowBitStates === "torchao" && !paged) {
    return torchaoRule(bits, torch);
  }
  const setup = { paged, widensEmbeddings };
  if (bits === 8) {
    return bitsandbytes ? bitsandbytesRule(bitsandbytes, bits, setup) : null;
  }
  return paged && bitsandbytes?.paged
    ? bitsandbytesRule(bitsandbytes, bits, setup)
    : rule;
}

/** Whether bitsandbytes has a paged optimizer of a name. */
export function canBePaged(name: OptimizerName): boolean {
  return RECORDS[name].bitsandbytes?.paged ?? false;
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
  precision: StatePrecision = { states: null, masters: false },
): number[] {
  const dtype = precision.states ?? (precision.masters ? "fp32" : tensor.dtype);
  const states = rule.states({ ...tensor, dtype });
  if (precision.masters && tensor.dtype !== "fp32") {
    states.push(MASTER * tensor.elements);
  }
  return implementation === "fused" && states.length > 0
    ? [...states, COUNTER]
    : states;
}

/** What a Scenario says of the optimizer's own tensors. */
export interface StatePrecision {
  /** The states' type; null: the parameter's, or fp32 beside masters. */
  readonly states: "fp32" | "bf16" | null;
  /** Whether 16-bit parameters have a copy in fp32 that is stepped. */
  readonly masters: boolean;
}

/** Reads it off a Scenario. */
export function statePrecision(
  { master_weights, optimizer_states }: Scenario["precision"],
): StatePrecision {
  return { states: optimizer_states, masters: master_weights === "fp32" };
}

/** Bytes of an element of a master copy. */
const MASTER = 4;

/** Bytes of a count of steps. */
const COUNTER = 4;

/** The bytes of all states in managed memory. */
export function managedBytes(
  rule: OptimizerRule,
  tensors: readonly Trained[],
): number {
  return tensors.reduce(
    (sum, tensor) =>
      sum + tensor.copies *
        rule.managed(tensor).reduce((total, bytes) => total + bytes, 0),
    0,
  );
}

/** How many states so many tensors have. */
export function stateCount(
  rule: OptimizerRule,
  tensors: readonly Trained[],
): number {
  return tensors.reduce(
    (sum, tensor) => sum + tensor.copies * rule.states(tensor).length,
    0,
  );
}
