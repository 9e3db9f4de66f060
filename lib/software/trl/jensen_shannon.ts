import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import {
  add,
  gradFor,
  join,
  multiply,
  savingOutput,
  scaled,
  shifted,
  slice,
} from "../../play/torch/ops/arithmetic.ts";
import { gathered } from "../../play/torch/ops/gather.ts";
import type { LogitRows } from "./full_scores.ts";

/**
 * The Jensen-Shannon divergence of all logits of a student and its teacher, of
 * which the tokens that count are picked in the end.
 *
 * Source: huggingface/trl 1.16.0 experimental/gkd/gkd_trainer.py,
 * generalized_jsd_loss; pytorch aten/src/ATen/native/Loss.cpp, kl_div
 *
 * @param logits The student's, as they were handed out.
 * @param scored Tokens that count, of all sequences.
 */
export function jensenShannon(
  m: Machine,
  logits: Value,
  { sequences, tokens }: LogitRows,
  scored: number,
): Value {
  return m.call(() => {
    const vocabulary = logits.elements / (sequences * tokens);
    const { dtype } = logits;
    const elements = logits.elements - sequences * vocabulary;
    const own = scaled(
      m,
      slice(m, logits, elements),
      "student's logits scaled",
    );
    m.create(elements, dtype, "teacher's logits scaled");
    const student = savingOutput(m, own, "student's log-softmax");
    const teacher = m.create(elements, dtype, "teacher's log-softmax");
    const stacked = m.call(() =>
      join(m, [
        shifted(m, student, "student's share of the mixture"),
        m.create(elements, dtype, "teacher's share of the mixture"),
      ], "both models' shares")
    );
    const mixture = logSumExp(m, stacked);
    const ofTeacher = divergenceFrom(m, mixture, teacher);
    const ofStudent = divergenceFrom(m, mixture, student);
    const all = m.call(() =>
      add(
        m,
        scaled(m, ofTeacher, "teacher's divergence weighed"),
        scaled(m, ofStudent, "student's divergence weighed"),
        "divergences",
      )
    );
    const picked = gathered(
      m,
      all,
      scored * vocabulary,
      2 * scored,
      "divergences that count",
    );
    m.drop(all);
    return summed(m, picked);
  });
}

/** The log-sum over both models, which saves what it read and what it gave. */
function logSumExp(m: Machine, pair: Value): Value {
  const { elements, dtype } = pair;
  const half = elements / 2;
  const whole = elements * DTYPE_BYTES[dtype];
  // Each word's larger one, and exponentials of what is left.
  m.temporary(whole / 2 + whole, "exponentials", () => null);
  const out = m.create(half, dtype, "mixture");
  // grad × exp(self - result) is one expression, whose temporaries live to its end.
  const node = m.record([pair], [pair, out], () => [
    m.temporary(
      2 * whole,
      "differences and exponentials",
      () => m.grad(pair.source, elements, dtype, "gradient of both shares"),
    ),
  ]);
  out.source = node && { node, slot: 0 };
  return out;
}

/** exp(target) × (target - given). */
function divergenceFrom(m: Machine, given: Value, target: Value): Value {
  return m.call(() =>
    multiply(
      m,
      target.source
        ? savingOutput(m, target, "chances")
        : m.create(target.elements, target.dtype, "chances"),
      difference(m, target, given),
      "divergence",
    )
  );
}

/** a - b: b's gradient is another tensor, for its sign is the other. */
function difference(m: Machine, a: Value, b: Value): Value {
  const { elements, dtype } = a;
  const label = "difference of log-softmaxes";
  const node = m.record([a, b], [], ([grad]) => [
    gradFor(m, grad, a),
    b.source && m.grad(b.source, elements, dtype, `gradient of ${label}`),
  ]);
  return m.create(elements, dtype, label, node && { node, slot: 0 });
}

/** The sum of all, whose gradient is one number for each. */
function summed(m: Machine, x: Value): Value {
  const { elements, dtype } = x;
  const node = m.record([x], [], ([grad]) => [
    grad ? { ...m.share(grad), elements } : null,
  ]);
  return m.create(1, dtype, "loss", node && { node, slot: 0 });
}
