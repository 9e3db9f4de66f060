import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import type { Scored } from "../../play/record/loss_block.ts";
import type { LogitRows } from "./full_scores.ts";
import { entropyOf, selectiveLogSoftmax, widened } from "./full_scores.ts";

/**
 * Log-probabilities of a completion's logits, which are divided in place by the
 * temperature: a view of them is, so that autograd copies slices.
 *
 * Source: huggingface/trl 1.8.0 trainer/grpo_trainer.py,
 * _get_per_token_logps_and_entropies; pytorch
 * torch/csrc/autograd/functions/tensor.cpp, CopySlices::apply
 *
 * @param rows Tokens of a completion, and the one before it.
 */
export function grpoScores(
  m: Machine,
  given: Value,
  { sequences, tokens }: LogitRows,
  hasEntropy: boolean,
): Scored {
  const logits = widened(m, given);
  const vocabulary = logits.elements / (sequences * tokens);
  const elements = logits.elements - sequences * vocabulary;
  const node = m.record([logits], [], () => {
    const { source, dtype } = logits;
    const whole = m.grad(source, logits.elements, dtype, "gradient of logits");
    m.temporary(
      2 * elements * DTYPE_BYTES[dtype],
      "gradients of a view and what it becomes",
      () => null,
    );
    return [whole];
  });
  const divided = m.keep(
    m.view(logits, { elements, source: node && { node, slot: 0 } }),
  );
  const loss = m.call(() => selectiveLogSoftmax(m, divided, sequences));
  if (hasEntropy) entropyOf(m, divided, vocabulary);
  m.drop(divided, logits);
  return { loss, terms: [] };
}
