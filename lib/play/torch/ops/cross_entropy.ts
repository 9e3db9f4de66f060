import type { Dtype } from "../dtype.ts";
import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";
import { cast } from "./arithmetic.ts";
import { handedOn } from "./handed_on.ts";

/**
 * Cross entropy in one kernel, which saves the logits and writes their gradient
 * over them.
 *
 * Source: unslothai/unsloth kernels/cross_entropy_loss.py, Fast_CrossEntropyLoss;
 * linkedin/Liger-Kernel ops/cross_entropy.py
 */
export function inPlaceCrossEntropy(
  m: Machine,
  logits: Value,
  rows: number,
): Value {
  return m.call(() => {
    const losses = m.create(rows, "fp32", "loss of each token");
    const sums = m.create(rows, "fp32", "log-sum of each token");
    const node = m.record(
      [logits],
      [logits, sums],
      (_, here) => [handedOn(m, logits, here)],
    );
    m.drop(losses);
    return m.create(1, "fp32", "loss", node && { node, slot: 0 });
  });
}

/**
 * log_softmax, which saves what it gave, and the pick of each label.
 */
export function crossEntropy(m: Machine, own: Value): Value {
  const wide: Dtype = m.autocast ? "fp32" : own.dtype;
  return m.call(() => picked(m, logSoftmax(m, cast(m, own, wide, WIDE))));
}

/**
 * The same as F.cross_entropy does it: its log_softmax has the logits' type,
 * whatever autocast says, and the pick is what autocast casts.
 *
 * Source: pytorch aten/src/ATen/native/LossNLL.cpp, cross_entropy_loss;
 * aten/src/ATen/autocast_mode.cpp, fp32_set_opt_dtype
 */
export function plainCrossEntropy(m: Machine, logits: Value): Value {
  return m.call(() => {
    const chances = logSoftmax(m, logits);
    const wide: Dtype = m.autocast ? "fp32" : logits.dtype;
    return picked(m, cast(m, chances, wide, "log-softmax in fp32"));
  });
}

const WIDE = "logits in fp32";

function logSoftmax(m: Machine, logits: Value): Value {
  const { elements, dtype } = logits;
  const chances = m.create(elements, dtype, "log-softmax of logits");
  const node = m.record(
    [logits],
    [chances],
    () => [m.grad(logits.source, elements, dtype, "gradient of logits")],
  );
  chances.source = node && { node, slot: 0 };
  return chances;
}

function picked(m: Machine, chances: Value): Value {
  const { elements, dtype } = chances;
  const weight = m.create(1, dtype, "total weight");
  const node = m.record(
    [chances],
    [chances, weight],
    () => [m.grad(chances.source, elements, dtype, "gradient of log-softmax")],
  );
  return m.create(1, dtype, "loss", node && { node, slot: 0 });
}
