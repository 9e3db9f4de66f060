import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Grad, Value } from "../../play/torch/values.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { slice } from "../../play/torch/ops/arithmetic.ts";
import { gathered } from "../../play/torch/ops/gather.ts";
import type { HeadLoss } from "../../play/torch/ops/head_loss.ts";

/** Tokens of a tile, and words of it. */
const TILE = { tokens: 4096, words: 32768 } as const;

/** Numbers of each token that the kernel sums up while it reads tiles. */
const RUNNING = 7;

/**
 * Log-probabilities of the tokens that count, a tile of the logits at a time, and
 * again in the backward pass, which sums gradients in fp32 whatever the weights are.
 *
 * Source: huggingface/trl 1.16.0 trainer/utils.py, add_fused_lm_head;
 * kernels/chunked_logprob.py, ChunkedLogProbFunction
 *
 * @param batch Sequences, whose last hidden state predicts nothing.
 * @param scored Tokens that count, of all sequences.
 */
export function fusedHead(batch: number, scored: number): HeadLoss {
  return (m, hidden, rows, head) => {
    const loss = m.call(() => {
      const shifted = slice(m, hidden, (rows - batch) * head.in);
      const picked = gathered(
        m,
        shifted,
        scored * head.in,
        2 * scored,
        "hidden states that are scored",
      );
      m.drop(shifted);
      return logProbs(m, picked, scored, head);
    });
    return { loss, logits: [] };
  };
}

function logProbs(
  m: Machine,
  hidden: Value,
  rows: number,
  head: AdaptedLinear,
): Value {
  const weight = "trains" in head.weight ? m.parameter(head.weight) : null;
  const sizes = tileSizes(m, hidden, rows, head);
  const targets = m.create(rows, "int64", "tokens that are scored");
  for (let at = 0; at < RUNNING; at++) m.create(rows, "fp32", "running sums");
  const sums = m.create(rows, "fp32", "log-sum of each token");
  m.temporary(sizes.tile, TILE_LABEL, () => {
    m.temporary(
      sizes.hidden + sizes.words,
      "casts of a tile",
      () => null,
      "logits and loss",
    );
  }, "logits and loss");
  const node = m.record(
    [hidden, weight],
    [hidden, weight, targets, sums],
    () => {
      const wide = hidden.source && m.grad(
        null,
        hidden.elements,
        "fp32",
        "gradient of the scored hidden states in fp32",
      );
      const own = weight?.source && m.grad(
        weight.dtype === "fp32" ? weight.source : null,
        weight.elements,
        "fp32",
        "gradient of the head in fp32",
      );
      // The last slice of the words still stands when the next is made.
      const casts = sizes.hidden + sizes.words + sizes.more;
      return m.temporary(sizes.tile, TILE_LABEL, () => {
        m.temporary(casts, "casts of a tile", () => null);
        const left = sizes.hidden + sizes.last;
        return m.temporary(left, "casts of a tile", () => [
          wide ? narrowed(m, wide, hidden) : null,
          own && weight ? narrowed(m, own, weight) : null,
        ]);
      });
    },
  );
  return m.create(1, "fp32", "loss", node && { node, slot: 0 });
}

const TILE_LABEL = "tile of the logits";

/** Bytes of a tile, and of what is cast for it. */
function tileSizes(
  m: Machine,
  hidden: Value,
  rows: number,
  { weight, out, in: width }: AdaptedLinear,
): Readonly<Record<"tile" | "hidden" | "words" | "more" | "last", number>> {
  const compute = m.autocast ?? hidden.dtype;
  const tokens = Math.min(rows, TILE.tokens);
  const each = DTYPE_BYTES[compute];
  const words = Math.min(out, TILE.words);
  const isCast = !("trains" in weight) || weight.dtype !== compute;
  const slice = isCast ? words * width * each : 0;
  return {
    tile: tokens * TILE.words * each,
    hidden: hidden.dtype === compute ? 0 : tokens * width * each,
    words: slice,
    last: isCast ? ((out - 1) % TILE.words + 1) * width * each : 0,
    more: isCast ? Math.min(out - words, TILE.words) * width * each : 0,
  };
}

/** A gradient in the type of what it is of; the one in fp32 goes after that. */
export function narrowed(m: Machine, wide: Grad, to: Value): Grad {
  if (to.dtype === "fp32") return wide;
  const given = m.grad(to.source, to.elements, to.dtype, "narrowed gradient");
  return { ...given, finish: () => (m.free(wide), given) };
}
