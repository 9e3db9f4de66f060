import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Grad, Value } from "../../play/torch/values.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { slice } from "../../play/torch/ops/arithmetic.ts";
import { handedOn } from "../../play/torch/ops/handed_on.ts";
import type { HeadLoss } from "../../play/torch/ops/head_loss.ts";

/** Tokens and words of a tile. */
const TILE = { tokens: 2048, words: 4096 } as const;

/** What Liger's loss is taken of. */
export interface LigerRows {
  readonly sequences: number;
  /** Tokens that count, of all sequences. */
  readonly scored: number;
  /** Whether the loss is divided, so that gradients are multiplied once more. */
  readonly isDivided: boolean;
}

/**
 * Liger's loss of GRPO: a sequence at a time its log-probabilities, of tiles of its
 * logits, and within the forward pass their gradients, which the backward pass hands
 * on. TRL calls it past the forward that accelerate has wrapped.
 *
 * Source: huggingface/trl 1.8.0 trainer/grpo_trainer.py, compute_liger_loss;
 * linkedin/Liger-Kernel 0.8.5 chunked_loss/fused_linear_ppo.py,
 * LigerFusedLinearPPOBase and _selective_logprob_backward
 */
export function ligerGrpo(rows: LigerRows): HeadLoss {
  return (m, hidden, all, head) => ({
    loss: m.call(() => {
      const { sequences, scored } = rows;
      const shifted = slice(m, hidden, (all - sequences) * head.in);
      const kept = slice(m, shifted, scored * head.in);
      m.drop(shifted);
      return lossOf(m, kept, head, rows);
    }),
    logits: [],
  });
}

function lossOf(
  m: Machine,
  kept: Value,
  head: AdaptedLinear,
  { sequences, scored, isDivided }: LigerRows,
): Value {
  const weight = "trains" in head.weight ? m.parameter(head.weight) : null;
  const trains = Boolean(m.recording && weight?.source);
  const tokens = Math.ceil(scored / sequences);
  const piece = tokens * head.in;
  const toWeight = trains && weight
    ? m.create(weight.elements, weight.dtype, "gradient of the head")
    : null;
  const label = "gradients of each sequence's hidden states";
  const before = m.create((sequences - 1) * piece, kept.dtype, label);
  m.temporary(
    workingBytes(m, kept, head, { tokens, trains }),
    "a sequence's tiles of the logits and their gradients",
    () => null,
    "logits and loss",
  );
  const last = m.create(piece, kept.dtype, label);
  const toHidden = m.create(
    scored * head.in,
    kept.dtype,
    "gradient of hidden states",
  );
  m.drop(before, last);
  const node = m.record([kept, weight], [toHidden, toWeight], (_, here) => {
    const given = (made: Value): Grad =>
      isDivided
        ? m.grad(null, made.elements, made.dtype, "divided gradient")
        : handedOn(m, made, here);
    return [kept.source && given(toHidden), toWeight && given(toWeight)];
  });
  return m.create(1, "fp32", "loss", node && { node, slot: 0 });
}

/** The most that a sequence takes: its tiles, or its gradients cast, in bytes. */
function workingBytes(
  m: Machine,
  { dtype }: Value,
  { in: width, out }: AdaptedLinear,
  { tokens, trains }: { readonly tokens: number; readonly trains: boolean },
): number {
  const rows = Math.min(tokens, TILE.tokens);
  const words = Math.min(out, TILE.words);
  const tile = rows * words * DTYPE_BYTES.fp32;
  // What the tile before has left in variables stands while the next is made.
  const goesOn = tokens > rows || out > words;
  // Logits, what is subtracted of them and its exponential; the one before.
  const forward = tile * (goesOn ? 4 : 3);
  if (!m.recording) return forward;
  const own = DTYPE_BYTES[dtype];
  const isNarrow = dtype !== "fp32";
  const wide = DTYPE_BYTES.fp32 * (tokens * width + (trains ? out * width : 0));
  const casts = isNarrow
    ? own * (tokens * width + (trains ? out * width : 0))
    : 0;
  const ofHidden = (isNarrow ? words * width : 0) + rows * width;
  const ofWeight = (isNarrow ? rows * width : 0) + words * width;
  const product = DTYPE_BYTES.fp32 *
    Math.max(ofHidden, trains ? ofWeight : 0);
  return Math.max(
    forward,
    wide + Math.max(tile * (goesOn ? 5 : 3), 3 * tile + product, casts),
  );
}
