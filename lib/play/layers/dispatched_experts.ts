import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import { cast, multiply, scaled } from "../torch/ops/arithmetic.ts";
import { gathered } from "../torch/ops/gather.ts";
import { marked } from "../torch/ops/marked.ts";
import { maskedInPlace } from "../torch/ops/masked.ts";
import { fusedMlp } from "./expert_network.ts";
import type { ExpertsPlan, Matrix } from "./expert_types.ts";

/** What the module of experts is called among a block's. */
export const EXPERTS_MODULE = "experts";

/**
 * Experts that ranks share: rows are sent to the rank that has their expert, come
 * back, and are weighted where they came from. As many come as are sent where
 * routing is even.
 *
 * Source: huggingface/transformers distributed/expert_parallel.py, AllToAllEP
 */
export function dispatched(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  plan: ExpertsPlan,
  gateUp: Matrix,
  down: Matrix,
): Value {
  return m.call(() => {
    const { perToken, hidden } = plan;
    const many = rows * perToken;
    const own = marked(m, x, EXPERTS_MODULE);
    const sent = gathered(m, own, many * hidden, many, "rows to send");
    const come = scaled(m, sent, "rows that came");
    m.drop(sent);
    const result = ownExperts(m, come, many, plan, gateUp, down);
    const back = scaled(m, result, "rows that came back");
    const ordered = gathered(m, back, many * hidden, many, "rows in order");
    const share = plan.dispatched?.narrows
      ? cast(m, weights, x.dtype, "weights in the experts' type")
      : weights;
    const weighted = multiply(m, ordered, share, "weighted expert outputs");
    const sum = summed(m, weighted, rows * hidden);
    m.drop(weighted);
    return cast(m, sum, x.dtype, "output of experts");
  });
}

/**
 * This rank's experts of rows that have one each, weighted by one. Rows of none
 * are masked, whether there are any or not.
 *
 * Source: huggingface/transformers integrations/moe.py, grouped_mm_experts_forward
 */
function ownExperts(
  m: Machine,
  x: Value,
  rows: number,
  plan: ExpertsPlan,
  gateUp: Matrix,
  down: Matrix,
): Value {
  return m.call(() => {
    const elements = rows * plan.hidden;
    const ones = m.create(rows, x.dtype, "weights of one");
    const ordered = gathered(m, x, elements, rows, "rows by expert");
    const mask = m.create(rows, "uint8", "rows of no expert");
    const given = maskedInPlace(m, ordered, mask);
    const result = fusedMlp(m, given, rows, plan, gateUp, down, mask);
    const weighted = multiply(m, result, ones, "weighted expert outputs");
    const back = gathered(m, weighted, elements, rows, "rows as they came");
    m.drop(weighted);
    return summed(m, back, elements);
  });
}

/** A sum of rows side by side, whose gradient all of them see. */
function summed(m: Machine, x: Value, elements: number): Value {
  const node = m.record([x], [], ([grad]) => [
    grad && x.source ? { ...m.share(grad), elements: x.elements } : null,
  ]);
  return m.create(
    elements,
    x.dtype,
    "sum of experts",
    node && { node, slot: 0 },
  );
}
