import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { slice } from "../../play/torch/ops/arithmetic.ts";
import { gathered } from "../../play/torch/ops/gather.ts";
import { narrowed } from "./fused_head.ts";

/** Tokens and words of a tile; both models' stand at once, in fp32. */
const TILE = { tokens: 4096, words: 32768 } as const;

/** Numbers of each token that the kernels sum up while they read tiles. */
const RUNNING = 9;

/** What a student is compared with. */
export interface Taught {
  /** Tokens that count, of all sequences. */
  readonly scored: number;
  /** Of the teacher's hidden states. */
  readonly width: number;
  readonly dtype: Dtype;
}

/**
 * The divergence of a student's words from its teacher's, two tiles of logits at a
 * time, and again in the backward pass.
 *
 * Source: huggingface/trl 1.16.0 trainer/distillation_trainer.py, _compute_loss;
 * kernels/chunked_divergence.py, ChunkedDivergenceFunction
 */
export function divergence(
  m: Machine,
  hidden: Value,
  head: AdaptedLinear,
  { scored, width, dtype }: Taught,
): Value {
  return m.call(() => {
    const kept = slice(m, hidden, scored * head.in);
    const student = gathered(
      m,
      kept,
      scored * head.in,
      2 * scored,
      "hidden states that are scored",
    );
    const teacher = m.create(
      scored * width,
      dtype,
      "the teacher's hidden states that are scored",
    );
    const weight = "trains" in head.weight ? m.parameter(head.weight) : null;
    const sums = Array.from(
      { length: RUNNING },
      () => m.create(scored, "fp32", "running sums"),
    );
    const elements = Math.min(scored, TILE.tokens) * TILE.words;
    const tiles = 2 * elements * DTYPE_BYTES.fp32;
    m.temporary(tiles, LABEL, () => null, "logits and loss");
    const words = Math.min(head.out, TILE.words);
    const next = Math.min(head.out - words, TILE.words);
    const rows = Math.min(scored, TILE.tokens);
    // A tile in the weights' type; the last one stands when the next is made.
    const each = student.dtype === "fp32"
      ? 0
      : rows * DTYPE_BYTES[student.dtype];
    const last = (head.out - 1) % TILE.words + 1;
    const node = m.record(
      [student, weight],
      [student, weight, teacher, ...sums.slice(0, 3)],
      () => {
        const wide = student.source &&
          m.grad(null, student.elements, "fp32", "gradient in fp32");
        const own = weight?.source && m.grad(
          weight.dtype === "fp32" ? weight.source : null,
          weight.elements,
          "fp32",
          "gradient of the head in fp32",
        );
        return m.temporary(tiles, LABEL, () => {
          m.temporary(each * (words + next), CASTS, () => null);
          return m.temporary(each * last, CASTS, () => [
            wide ? narrowed(m, wide, student) : null,
            own && weight ? narrowed(m, own, weight) : null,
          ]);
        });
      },
    );
    return m.create(1, "fp32", "loss", node && { node, slot: 0 });
  });
}

const CASTS = "gradients of tiles in the weights' type";

const LABEL = "tiles of both models' logits";
