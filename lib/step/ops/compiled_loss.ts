import type { Machine, Value } from "../machine.ts";

/**
 * Cast and loss as inductor fuses them: the logits themselves are saved, and the
 * backward pass scatters its ones into a tensor of fp32 before it writes the
 * gradient. That it does was concluded from torchtune's measured runs of torch
 * 2.5, not read off generated code.
 */
export function compiledCrossEntropy(
  m: Machine,
  logits: Value,
  rows: number,
): Value {
  const sums = m.create(rows, "fp32", "log-sum of each token");
  const node = m.record([logits], [logits, sums], () =>
    m.temporary(
      4 * logits.elements,
      "scattered gradient of the loss",
      () => [
        m.grad(
          logits.source,
          logits.elements,
          logits.dtype,
          "gradient of logits",
        ),
      ],
    ));
  m.drop(sums);
  return m.create(1, "fp32", "loss", node && { node, slot: 0 });
}
