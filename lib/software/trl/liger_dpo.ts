import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { copied, slice } from "../../play/torch/ops/arithmetic.ts";
import { handedOn } from "../../play/torch/ops/handed_on.ts";

/**
 * Liger's loss of DPO: a pair at a time all logits of the policy and its reference,
 * and within the forward pass their gradients. It is played as it runs without
 * torch.compile, which takes less, and as if Python's collector ran after each pair:
 * torch.func leaves cycles that a compiled function has not.
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
    const piece = 2 * (tokens - 1) * head.in;
    // All pairs' but the last one's; the pair that runs, and its reference's.
    const label = "gradients of each pair's hidden states";
    const before = m.create(hidden.elements - piece, hidden.dtype, label);
    const pair = m.create(2 * piece, hidden.dtype, "hidden states of a pair");
    m.temporary(
      pairBytes(hidden, toWeight, { scored: 2 * (tokens - 1), head }),
      "logits of a pair and their gradients",
      () => null,
      "logits and loss",
    );
    const last = m.create(piece, hidden.dtype, label);
    const toHidden = m.create(
      hidden.elements,
      hidden.dtype,
      "gradient of hidden states",
    );
    m.drop(before, last, pair);
    const node = m.record([hidden, weight], [toHidden, toWeight], (_, here) => [
      hidden.source && handedOn(m, toHidden, here),
      toWeight && handedOn(m, toWeight, here),
    ]);
    m.drop(reference);
    return m.create(1, "fp32", "loss", node && { node, slot: 0 });
  });
}

/**
 * The most that a pair takes, in bytes: both models' logits, or the gradients of the
 * policy's, of which the head's own are summed up with those of other pairs.
 */
function pairBytes(
  { dtype }: Value,
  toWeight: Value | null,
  { scored, head }: { readonly scored: number; readonly head: AdaptedLinear },
): number {
  const own = DTYPE_BYTES[dtype];
  const { fp32 } = DTYPE_BYTES;
  const isNarrow = own < fp32;
  const logits = scored * head.out;
  // Logits and log-softmaxes of both models, and logits as fp32 takes them.
  const forward = logits * (2 * own + 2 * fp32 + (isNarrow ? fp32 : 0));
  // Log-softmaxes, their gradient and what it makes of the logits, which is cast.
  const cast = logits * (3 * fp32 + (isNarrow ? own : 0));
  const product = logits * (2 * fp32 + own) + scored * head.in * own +
    (toWeight ? head.out * head.in * DTYPE_BYTES[toWeight.dtype] : 0);
  return Math.max(forward, cast, product);
}
