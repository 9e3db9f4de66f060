import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";
import type { AdaptedLinear } from "./adapted_linear.ts";
import { handedOn } from "./handed_on.ts";

/**
 * Linear and cross entropy in one: a chunk of tokens at a time its logits, whose
 * gradient overwrites them. The gradients of hidden states and of the head's
 * weight, summed over chunks, are ready when the forward pass ends; a head that
 * does not train gets none.
 *
 * Source: linkedin/Liger-Kernel 0.8 ops/fused_linear_cross_entropy.py; earlier
 * releases took a product as large as the weight and its fp32 copy beside.
 */
export function fusedLoss(
  m: Machine,
  hidden: Value,
  rows: number,
  head: AdaptedLinear,
): Value {
  return m.call(() => {
    const { in: width, out: vocabulary } = head;
    const weight = "trains" in head.weight ? m.parameter(head.weight) : null;
    const compute = m.autocast ?? hidden.dtype;
    const toHidden = m.create(
      rows * width,
      hidden.dtype,
      "gradient of hidden states",
    );
    const toWeight = weight?.source
      ? m.create(vocabulary * width, weight.dtype, "gradient of the head")
      : null;
    const losses = m.create(rows, "fp32", "loss of each token");
    m.call(() => {
      const chunk = chunkRows(rows, width, vocabulary);
      if (weight && weight.dtype !== compute) {
        const inType = () =>
          m.create(weight.elements, compute, `head in ${compute}`);
        inType();
        // Logits are a product with `weight.t()`, which autocast does not cache; the
        // gradient's is with the weight itself, whose copy the next chunk meets.
        if (toWeight && "trains" in head.weight && chunk < rows) {
          m.cachedCast(head.weight, inType);
        }
      }
      return m.create(
        chunk * vocabulary,
        compute,
        "logits of a chunk",
      );
    });
    const node = m.record([hidden, weight], [toHidden, toWeight], (_, here) => [
      hidden.source && handedOn(m, toHidden, here),
      toWeight && handedOn(m, toWeight, here),
    ]);
    m.drop(losses);
    return m.create(1, "fp32", "loss", node && { node, slot: 0 });
  });
}

/** Rows of a chunk: its logits are to take about as much as the hidden states. */
function chunkRows(rows: number, width: number, vocabulary: number): number {
  const parts = Math.ceil(vocabulary / width);
  const chunk = 2 ** Math.ceil(Math.log2(Math.ceil(rows / parts)));
  return Math.min(chunk, rows);
}
