import type { OptimizerRule, Trained } from "./rule.ts";
import { bytesOf, ruleOf, wide } from "./rule.ts";

/** Elements below which states are not quantised. */
const MIN_ELEMENTS = 4096;
/** Elements of a block, which share a scale. */
const BNB_BLOCK = 256;
const TORCHAO_BLOCK = { 8: 256, 4: 128 } as const;
/** Bytes of the table that each of torchao's states has: 256 or 16 fp32. */
const TORCHAO_TABLE = { 8: 1024, 4: 64 } as const;

/** How many states an optimizer quantises: momentum alone, or more. */
const QUANTISED_STATES: Readonly<Record<string, number>> = {
  adam: 2,
  adamw: 2,
  ademamix: 3,
  lion: 1,
  rmsprop: 1,
  "sgd-momentum": 1,
  adagrad: 1,
  lamb: 2,
};

/**
 * bitsandbytes' states, in fp32 or in block-wise 8 bits: a byte an element and a
 * scale a block; small tensors, and embeddings under HF Trainer, keep fp32.
 *
 * Source: bitsandbytes optim/optimizer.py; huggingface/transformers trainer.py
 */
export function bitsandbytesRule(
  name: string,
  bits: 32 | 8,
): OptimizerRule | null {
  const count = QUANTISED_STATES[name];
  if (count === undefined) return null;
  if (bits === 32) return ruleOf({ states: wide(count) });
  return ruleOf({
    states: ({ elements, embedding }) => {
      const each = embedding || elements < MIN_ELEMENTS
        ? [4 * elements]
        : [elements, 4 * Math.ceil(elements / BNB_BLOCK)];
      return Array.from({ length: count }, () => each).flat();
    },
  });
}

/**
 * torchao's states in 8 or 4 bits. While it steps one tensor, both new states and
 * a scaled copy stand in fp32 and the codes in a byte each, as its Python names
 * them: 13 bytes an element, which two measured runs of torchtune bear out.
 *
 * Source: pytorch/ao torchao/prototype/low_bit_optim, adam.py, subclass_8bit.py
 * and subclass_4bit.py
 */
export function torchaoRule(
  name: string,
  bits: 8 | 4,
): OptimizerRule | null {
  if (name !== "adam" && name !== "adamw") return null;
  return ruleOf({
    states: (tensor) => {
      const each = isQuantised(tensor, bits)
        ? [
          tensor.elements * bits / 8,
          4 * tensor.elements / TORCHAO_BLOCK[bits],
          TORCHAO_TABLE[bits],
        ]
        : [bytesOf(tensor)];
      return [...each, ...each];
    },
    own: (tensor) => isQuantised(tensor, bits) ? 13 * tensor.elements : 0,
  });
}

function isQuantised({ elements }: Trained, bits: 8 | 4): boolean {
  return elements >= MIN_ELEMENTS && elements % TORCHAO_BLOCK[bits] === 0;
}
