import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { copied, slice, sumOf } from "../../play/torch/ops/arithmetic.ts";
import { plainCrossEntropy } from "../../play/torch/ops/cross_entropy.ts";
import type { Scored } from "../../play/record/loss_block.ts";
import type { LogitRows } from "./full_scores.ts";
import { selectiveLogSoftmax, widened, withoutLast } from "./full_scores.ts";

/**
 * ORPO's and CPO's two terms of all logits: the cross entropy of the chosen half,
 * of a copy of it, and the log-probabilities of both.
 *
 * Source: huggingface/trl 1.16.0 experimental/orpo/orpo_trainer.py,
 * concatenated_forward; kernels/logprob_entropy.py
 *
 * @param fused Whether one kernel takes the log-probabilities and saves the logits
 *   alone, as from 1.15 on.
 */
export function orpoScores(
  m: Machine,
  given: Value,
  rows: LogitRows,
  fused: boolean,
): Scored {
  const logits = widened(m, given);
  const chosen = m.keep(slice(m, logits, logits.elements / 2));
  const likelihood = m.call(() => {
    const half = { ...rows, sequences: rows.sequences / 2 };
    const shifted = withoutLast(m, chosen, half);
    const own = copied(m, shifted, "logits of the chosen");
    m.drop(shifted);
    return plainCrossEntropy(m, own);
  });
  m.drop(chosen);
  const shifted = withoutLast(m, logits, rows);
  const odds = m.call(() =>
    fused
      ? kernelLogProbs(m, shifted)
      : selectiveLogSoftmax(m, shifted, rows.sequences)
  );
  const loss = sumOf(m, [likelihood, odds]);
  return { loss, terms: [], ends: () => m.drop(shifted, logits) };
}

function kernelLogProbs(m: Machine, logits: Value): Value {
  const { elements, dtype, source } = logits;
  const node = m.record(
    [logits],
    [logits],
    () => [m.grad(source, elements, dtype, "gradient of logits")],
  );
  return m.create(1, "fp32", "log-probabilities", node && { node, slot: 0 });
}
