import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { copied, slice } from "../../play/torch/ops/arithmetic.ts";
import { handedOn } from "../../play/torch/ops/handed_on.ts";

/**
 * Liger's loss of DPO: a pair at a time all logits of the policy and its reference,
 * and within the forward pass their gradients. It is played as it runs without
 * torch.compile, which takes less.
 *
 * Source: huggingface/trl 1.8.0 trainer/dpo_trainer.py, _compute_loss_liger;
 * linkedin/Liger-Kernel 0.8.5 chunked_loss/fused_linear_preference.py,
 * LigerFusedLinearPreferenceBase
 *
 * @param states The policy's last hidden states, of all its sequences.
 */
export function ligerDpo(
  m: Machine,
  states: Value,
  head: AdaptedLinear,
  { sequences, tokens }: {
    readonly sequences: number;
    readonly tokens: number;
  },
): Value {
  return m.call(() => {
    const rows = sequences * (tokens - 1);
    const shifted = slice(m, states, rows * head.in);
    const hidden = copied(m, shifted, "hidden states of scored tokens");
    m.drop(shifted);
    const reference = m.create(
      hidden.elements,
      hidden.dtype,
      "hidden states of the reference",
    );
    const weight = "trains" in head.weight ? m.parameter(head.weight) : null;
    const toWeight = m.recording && weight?.source
      ? m.create(weight.elements, weight.dtype, "gradient of the head")
      : null;
    const pieces = m.create(
      hidden.elements,
      hidden.dtype,
      "gradients of each pair's hidden states",
    );
    const each = DTYPE_BYTES[hidden.dtype];
    const { fp32 } = DTYPE_BYTES;
    // Logits and log-softmaxes of both models, and logits as fp32 takes them.
    const bytes = 2 * each + 2 * fp32 + (each < fp32 ? fp32 : 0);
    m.temporary(
      2 * (tokens - 1) * head.out * bytes,
      "logits of a pair",
      () => null,
      "logits and loss",
    );
    const toHidden = m.create(
      hidden.elements,
      hidden.dtype,
      "gradient of hidden states",
    );
    m.drop(pieces);
    const node = m.record([hidden, weight], [toHidden, toWeight], (_, here) => [
      hidden.source && handedOn(m, toHidden, here),
      toWeight && handedOn(m, toWeight, here),
    ]);
    m.drop(reference);
    return m.create(1, "fp32", "loss", node && { node, slot: 0 });
  });
}
