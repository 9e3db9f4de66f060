import { adaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { copied, slice } from "../../play/torch/ops/arithmetic.ts";
import { plainCrossEntropy } from "../../play/torch/ops/cross_entropy.ts";
import type { HeadLoss } from "../../play/torch/ops/head_loss.ts";

/**
 * torch's cross entropy on logits as the head gave them, in their own type.
 *
 * @param scored Rows whose labels count; where fewer than all, their logits are
 *   copied.
 */
export function directLoss(scored: number): HeadLoss {
  return (m, hidden, rows, head) => {
    const logits = m.keep(adaptedLinear(m, hidden, rows, head, "logits"));
    // The logits take the variable of the hidden states.
    m.drop(hidden);
    const loss = m.call(() => {
      if (scored === rows) return plainCrossEntropy(m, logits);
      const some = slice(m, logits, scored * head.out);
      return plainCrossEntropy(m, copied(m, some, "logits of text tokens"));
    });
    return { loss, logits: [logits] };
  };
}
