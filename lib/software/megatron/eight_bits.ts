import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";

/** Copies of a factor for kernels that read rows of one and rows of the other. */
const ORDERS = 2;

/** What a product keeps of its input, and takes of gradients. */
export interface EightBits {
  /** The input as it is saved. */
  readonly saved: Value;
  /** Runs a backward pass while the gradient stands in 8 bits, in both orders. */
  withGradient<T>(elements: number, body: () => T): T;
}

/**
 * Transformer Engine's factors in 8 bits: of the input the copy in the order that the
 * weight's gradient reads is saved, and not the input; the other is freed with the
 * product.
 *
 * Source: NVIDIA/TransformerEngine transformer_engine/pytorch/module/linear.py,
 * _linear_forward_impl and _linear_backward
 */
export function inEightBits(m: Machine, x: Value, name: string): EightBits {
  const saved = m.create(x.elements, "uint8", `${name} input in 8 bits`);
  const other = m.create(x.elements, "uint8", `${name} input in 8 bits`);
  m.drop(other);
  return {
    saved,
    withGradient: (elements, body) =>
      m.temporary(
        ORDERS * elements * DTYPE_BYTES.uint8,
        `gradient of ${name} in 8 bits`,
        body,
      ),
  };
}

/** Whether products of a machine are Transformer Engine's in 8 bits. */
export function takesEightBits({ linears }: Machine): boolean {
  return linears?.kind === "engine";
}
