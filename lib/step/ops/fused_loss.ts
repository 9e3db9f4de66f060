import type { Dtype } from "../dtype.ts";
import type { Machine, Parameter, Value } from "../machine.ts";

/**
 * Linear and cross entropy in one: a chunk of tokens at a time its logits, whose
 * gradient overwrites them; the gradients of hidden states and of the head's
 * weight are ready when the forward pass ends.
 *
 * Source: linkedin/Liger-Kernel ops/fused_linear_cross_entropy.py
 */
export function fusedLoss(
  m: Machine,
  hidden: Value,
  rows: number,
  width: number,
  vocabulary: number,
  weight: Parameter | null,
  dtype: Dtype,
): Value {
  return m.call(() => {
    const parts = Math.ceil(vocabulary / width);
    const chunk = 2 ** Math.ceil(Math.log2(Math.ceil(rows / parts)));
    const trains = weight?.trains ?? false;
    const toHidden = m.create(rows * width, dtype, "gradient of hidden states");
    const toWeight = trains
      ? m.create(vocabulary * width, dtype, "gradient of the head")
      : null;
    const losses = m.create(rows, "fp32", "loss of each token");
    const size = Math.min(chunk, rows);
    m.call(() => {
      const logits = m.create(size * vocabulary, dtype, "logits of a chunk");
      const wide = m.create(size * vocabulary, "fp32", "logits in fp32");
      m.drop(wide);
      if (toWeight) {
        const product = m.create(
          vocabulary * width,
          dtype,
          "a chunk's gradient of the head",
        );
        m.create(vocabulary * width, "fp32", "the same in fp32");
        m.drop(product);
      }
      return logits;
    });
    const head = weight ? m.parameter(weight) : null;
    const node = m.record([hidden, head], [toHidden, toWeight], () => [
      hidden.source && {
        storage: retained(m, toHidden),
        elements: toHidden.elements,
        dtype,
      },
      head?.source && toWeight
        ? m.grad(head.source, toWeight.elements, dtype, "head gradient")
        : null,
    ]);
    m.drop(losses);
    return m.create(1, "fp32", "loss", node && { node, slot: 0 });
  });
}

function retained(m: Machine, { storage }: Value): number {
  m.tape.retain(storage);
  return storage;
}
