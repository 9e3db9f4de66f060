import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { cast } from "../../play/torch/ops/arithmetic.ts";
import { crossEntropy } from "../../play/torch/ops/cross_entropy.ts";

/** Cross entropy of logits in fp32. */
export function wholeLogitsLoss(m: Machine, logits: Value): Value {
  return m.call(() =>
    crossEntropy(m, cast(m, logits, "fp32", "logits in fp32"))
  );
}

/**
 * Cross entropy of this rank's part of the vocabulary. The backward pass makes the
 * gradient of the logits at once, in an expression of four tensors.
 *
 * Source: pytorch torch/distributed/tensor/parallel/loss.py, _log_softmax,
 * _nll_loss_and_log_softmax_backward
 */
export function lossOfParts(m: Machine, logits: Value, rows: number): Value {
  return m.call(() => {
    // The highest logits, sums of exponentials, and the logits of labels.
    m.tape.exchange({
      collective: "all-reduce",
      group: "tensor",
      bytes: rows * DTYPE_BYTES.fp32,
      what: "the loss over a split vocabulary",
    }, 3);
    const wide = cast(m, logits, "fp32", "logits in fp32");
    const { elements } = wide;
    const highest = m.create(rows, "fp32", "highest logits");
    const shifted = m.create(elements, "fp32", "logits below the highest");
    m.drop(m.create(elements, "fp32", "exponentials of logits"));
    const sums = m.create(rows, "fp32", "sums of exponentials");
    const chances = m.create(elements, "fp32", "log-softmax of logits");
    m.drop(highest, sums, shifted);
    const node = m.record([wide], [chances], () => {
      const whole = (label: string) => m.grad(null, elements, "fp32", label);
      const picks = whole("picks of labels");
      const powers = whole("softmax of logits");
      const sum = whole("softmax less picks");
      m.free(powers);
      const given = m.grad(wide.source, elements, "fp32", "gradient of logits");
      m.free(picks);
      m.free(sum);
      return [given];
    });
    return m.create(1, "fp32", "loss", node && { node, slot: 0 });
  });
}

/**
 * The logits of all ranks, gathered and joined; the gradient is cut again.
 *
 * Source: pytorch torch/distributed/tensor/placement_types.py, Shard,
 * _to_replicate_tensor
 */
export function wholeLogits(m: Machine, x: Value, tp: number): Value {
  const { dtype } = x;
  const node = m.record(
    [x],
    [],
    () => [m.grad(x.source, x.elements, dtype, "gradient of own logits")],
  );
  m.tape.exchange({
    collective: "all-gather",
    group: "tensor",
    bytes: tp * x.elements * DTYPE_BYTES[dtype],
    what: "logits of all ranks",
  });
  const all = m.create(tp * x.elements, dtype, "logits by rank");
  const source = node && { node, slot: 0 };
  const joined = m.create(all.elements, dtype, "logits", source);
  m.drop(all);
  return joined;
}
