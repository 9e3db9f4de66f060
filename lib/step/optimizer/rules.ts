import type { Scenario } from "../../scenario/schema.ts";
import type { Dtype } from "../dtype.ts";
import { DTYPE_BYTES } from "../dtype.ts";
import { roundedBytes } from "../tape.ts";

/** A tensor that trains, as the optimizer sees it. */
export interface Trained {
  readonly name: string;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly dtype: Dtype;
  /** How many alike there are. */
  readonly copies: number;
  readonly embedding: boolean;
}

/** What an optimizer keeps of a tensor, and takes while it steps. */
export interface OptimizerRule {
  /** Bytes of each state tensor. */
  states(tensor: Trained): number[];
  /**
   * Tensors that a multi-tensor step makes of every parameter at once, as
   * multiples of the parameter's size; a loop makes them for one at a time.
   */
  readonly temporaries: { readonly foreach: number; readonly loop: number };
  /** Whether a fused kernel exists, which makes none. */
  readonly fused: boolean;
}

type Optimizer = Scenario["optimizer"];

/** Block lengths of the 8-bit and 4-bit optimizers' scales. */
const BNB_BLOCK = 256;
const BNB_MIN_ELEMENTS = 4096;
const TORCHAO_4BIT_BLOCK = 128;

/** States of as many tensors as the parameter has elements, in its own type. */
function like(count: number, extra: readonly number[] = []) {
  return (tensor: Trained): number[] => {
    const bytes = tensor.elements * DTYPE_BYTES[tensor.dtype];
    return [...Array.from({ length: count }, () => bytes), ...extra];
  };
}

/** States in fp32 whatever the parameter's type. */
function wide(count: number) {
  return ({ elements }: Trained): number[] =>
    Array.from({ length: count }, () => 4 * elements);
}

/**
 * Adafactor of torch.optim: a row and a column of squares for a matrix.
 *
 * Source: pytorch torch/optim/_adafactor.py
 */
function torchAdafactor({ shape, elements, dtype }: Trained): number[] {
  const bytes = DTYPE_BYTES[dtype];
  const [columns = 1, rows = 1] = [shape.at(-1), shape.at(-2)];
  return shape.length < 2
    ? [bytes * elements]
    : [bytes * elements / columns, bytes * elements / rows];
}

/**
 * Adafactor of transformers: the same, always in fp32.
 *
 * Source: huggingface/transformers optimization.py, Adafactor
 */
function fp32Adafactor({ shape, elements }: Trained): number[] {
  const [columns = 1, rows = 1] = [shape.at(-1), shape.at(-2)];
  return shape.length < 2
    ? [4 * elements]
    : [4 * elements / columns, 4 * elements / rows];
}

/**
 * Rules by the optimizer's name. States and temporaries of torch.optim's were
 * traced step by step; the rest follows the projects' own sources.
 */
const RULES: Record<string, OptimizerRule> = {
  sgd: rule(like(0), 0, 0),
  "sgd-momentum": rule(like(1), 0, 0),
  adam: rule(like(2), 1, 2, true),
  adamw: rule(like(2), 1, 2, true),
  amsgrad: rule(like(3), 1, 2, true),
  nadam: rule(like(2), 1, 2),
  radam: rule(like(2), 1, 2),
  adamax: rule(like(2), 1, 2),
  adagrad: rule(like(1), 1, 2, true),
  adadelta: rule(like(2), 2, 2),
  rmsprop: rule(like(1), 1, 1),
  asgd: rule(like(1), 1, 1),
  rprop: rule(like(2), 1, 2),
  adafactor: rule(fp32Adafactor, 0, 3),
  "torch-adafactor": rule(torchAdafactor, 1, 1),
  lamb: rule(wide(2), 0, 1),
  lion: rule(like(1), 0, 1),
  adabelief: rule(like(2), 0, 2),
  sophia: rule(like(2), 0, 1),
  "schedule-free-adamw": rule(like(2), 1, 2),
  "schedule-free-sgd": rule(like(1), 0, 1),
  nesterov: rule(like(1), 1, 1),
  "sparse-adam": rule(like(2), 0, 2),
  ademamix: rule(like(3), 0, 2),
};

function rule(
  states: OptimizerRule["states"],
  foreach: number,
  loop: number,
  fused = false,
): OptimizerRule {
  return { states, temporaries: { foreach, loop }, fused };
}

/** How many states an optimizer quantises: momentum alone, or two. */
const QUANTISED_STATES: Record<string, number> = {
  adam: 2,
  adamw: 2,
  lion: 1,
  rmsprop: 1,
  "sgd-momentum": 1,
  adagrad: 1,
  lamb: 2,
};

/** The rule of an optimizer; null for one whose memory is not known. */
export function optimizerRule(
  { name, bits, paged }: Optimizer,
): OptimizerRule | null {
  const base = Object.hasOwn(RULES, name) ? RULES[name] ?? null : null;
  if (bits === 32) {
    // bitsandbytes' paged optimizers keep fp32 states.
    return paged && base ? rule(wide(QUANTISED_STATES[name] ?? 2), 0, 0) : base;
  }
  const states = QUANTISED_STATES[name] ?? null;
  if (states === null) return null;
  return rule(bits === 8 ? blockwise(states) : fourBit(states), 0, 0);
}

/**
 * bitsandbytes' block-wise 8-bit states: a byte an element and a scale a block;
 * small tensors, and embeddings under HF Trainer, keep fp32.
 *
 * Source: bitsandbytes optim/optimizer.py; huggingface/transformers trainer.py
 */
function blockwise(count: number) {
  return ({ elements, embedding }: Trained): number[] => {
    const each = embedding || elements < BNB_MIN_ELEMENTS
      ? [4 * elements]
      : [elements, 4 * Math.ceil(elements / BNB_BLOCK)];
    return Array.from({ length: count }, () => each).flat();
  };
}

/** torchao's 4-bit states: half a byte an element and a scale a block. */
function fourBit(count: number) {
  return ({ elements, dtype }: Trained): number[] => {
    const each = elements < BNB_MIN_ELEMENTS ||
        elements % TORCHAO_4BIT_BLOCK !== 0
      ? [DTYPE_BYTES[dtype] * elements]
      : [elements / 2, 4 * elements / TORCHAO_4BIT_BLOCK];
    return Array.from({ length: count }, () => each).flat();
  };
}

/** The bytes of all states of so many tensors. */
export function stateBytes(
  rule: OptimizerRule,
  tensors: readonly Trained[],
): number {
  return tensors.reduce(
    (sum, tensor) =>
      sum + tensor.copies *
        rule.states(tensor).reduce(
          (total, bytes) => total + roundedBytes(bytes),
          0,
        ),
    0,
  );
}
