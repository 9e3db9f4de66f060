import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { MAX_CHUNKS } from "../../play/memory/limits.ts";
import { TapeFull } from "../../play/memory/tape.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { split, sumOf } from "../../play/torch/ops/arithmetic.ts";
import { gathered } from "../../play/torch/ops/gather.ts";

/** Tokens of a chunk. */
const CHUNK = 256;

/**
 * The loss of 256 tokens at a time, each under a checkpoint: their logits stand
 * only while they run, forward and backward again. Hidden states are copied first,
 * tokens that count in front.
 *
 * Source: huggingface/trl trainer/sft_trainer.py, loss type "chunked_nll"
 */
export function checkpointedLoss(
  m: Machine,
  hidden: Value,
  rows: number,
  head: AdaptedLinear,
): Value {
  return chunked(m, hidden, rows, head, plainBytes);
}

/**
 * The same in releases that measure accuracy and entropy of each chunk, of products
 * in fp32 that autocast casts again.
 *
 * Source: huggingface/trl 1.8.0 trainer/sft_trainer.py, _chunk
 */
export function measuredLoss(
  m: Machine,
  hidden: Value,
  rows: number,
  head: AdaptedLinear,
): Value {
  return chunked(m, hidden, rows, head, measuredBytes);
}

/** The most that a chunk of so many rows takes forward. */
type ChunkBytes = (
  m: Machine,
  piece: Value,
  rows: number,
  head: AdaptedLinear,
) => number;

/** Logits, the same in fp32, their log-softmax. */
const plainBytes: ChunkBytes = (m, piece, rows, { out }) =>
  rows * out *
  (DTYPE_BYTES[m.autocast ?? piece.dtype] + 2 * DTYPE_BYTES.fp32);

/** The head in fp32 and as it is multiplied; then a log-softmax and its entropy. */
const measuredBytes: ChunkBytes = (m, _, rows, { out, in: width, weight }) => {
  const own = "trains" in weight ? weight.dtype : null;
  const compute = m.autocast ?? "fp32";
  const logits = rows * out * DTYPE_BYTES[compute];
  const casts = (own === "fp32" ? 0 : DTYPE_BYTES.fp32) +
    (compute === "fp32" ? 0 : DTYPE_BYTES[compute]);
  const wide = rows * out * DTYPE_BYTES.fp32;
  return logits + Math.max(out * width * casts, 3 * wide);
};

function chunked(
  m: Machine,
  hidden: Value,
  rows: number,
  head: AdaptedLinear,
  bytes: ChunkBytes,
): Value {
  const ordered = gathered(
    m,
    hidden,
    hidden.elements,
    rows,
    "ordered hidden states",
  );
  const count = Math.ceil(rows / CHUNK);
  if (count > MAX_CHUNKS) throw new TapeFull("pieces of the loss", MAX_CHUNKS);
  const sizes = Array.from(
    { length: count },
    (_, at) => Math.min(CHUNK, rows - at * CHUNK),
  );
  const pieces = split(m, ordered, sizes.map((size) => size * head.in));
  m.drop(ordered);
  const losses = pieces.map((piece, at) =>
    lossOfChunk(m, piece, sizes[at] ?? 0, head, bytes)
  );
  m.drop(...pieces);
  return sumOf(m, losses);
}

function lossOfChunk(
  m: Machine,
  piece: Value,
  rows: number,
  head: AdaptedLinear,
  bytes: ChunkBytes,
): Value {
  const weight = "trains" in head.weight ? m.parameter(head.weight) : null;
  const wide = rows * head.out * DTYPE_BYTES.fp32;
  const forward = bytes(m, piece, rows, head);
  m.temporary(forward, "logits of a chunk", () => null, "logits and loss");
  const node = m.record([piece, weight], [piece], () => {
    m.temporary(forward, "logits of a chunk, again", () => null);
    // The log-softmax, its gradient, the logits' in fp32.
    return m.temporary(3 * wide, "gradients of a chunk", () => [
      piece.source &&
      m.grad(
        piece.source,
        piece.elements,
        piece.dtype,
        "gradient of a chunk of hidden states",
      ),
      weight?.source
        ? {
          ...m.grad(
            weight.source,
            weight.elements,
            weight.dtype,
            "gradient of the head",
          ),
          isView: true,
        }
        : null,
    ], "logits and loss");
  });
  return m.create(1, "fp32", "loss of a chunk", node && { node, slot: 0 });
}
