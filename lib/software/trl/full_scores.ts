import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { cast, slice } from "../../play/torch/ops/arithmetic.ts";
import type { Scored } from "../../play/record/loss_block.ts";

/** Sequences of logits, and how many tokens each has of them. */
export interface LogitRows {
  readonly sequences: number;
  readonly tokens: number;
}

/** What a trainer makes of logits beside its loss. */
export interface Metrics {
  readonly entropy: boolean;
  /** Whether logits are sorted by their examples' labels: KTO. */
  readonly halves: boolean;
}

/** LogitRows of a chunk of the entropy, and tensors that it makes of each. */
const ENTROPY = { rows: 128, tensors: 3 } as const;

/**
 * Log-probabilities of all logits but those of each sequence's last token, as
 * releases before 1.15 take them, and the entropy, a metric.
 *
 * Source: huggingface/trl 1.8.0 trainer/dpo_trainer.py, _compute_loss;
 * trainer/utils.py, selective_log_softmax and entropy_from_logits
 */
export function fullScores(
  m: Machine,
  given: Value,
  rows: LogitRows,
  { entropy, halves }: Metrics,
): Scored {
  const logits = widened(m, given);
  const vocabulary = logits.elements / (rows.sequences * rows.tokens);
  const shifted = withoutLast(m, logits, rows);
  const loss = m.call(() => selectiveLogSoftmax(m, shifted, rows.sequences));
  const own = halves
    ? [m.keep(m.create(logits.elements, logits.dtype, "logits by label"))]
    : [];
  return {
    loss,
    terms: [],
    ends: () => {
      if (entropy) entropyOf(m, shifted, vocabulary);
      m.drop(...own, shifted, logits);
    },
  };
}

/**
 * Logits as accelerate hands them out under mixed precision: in fp32.
 *
 * Source: huggingface/accelerate utils/operations.py, convert_outputs_to_fp32
 */
export function widened(m: Machine, logits: Value): Value {
  if (m.autocast === null || logits.dtype === "fp32") return logits;
  const wide = m.keep(cast(m, logits, "fp32", "logits handed out in fp32"));
  m.drop(logits);
  return wide;
}

/** A view of all logits but each sequence's last. */
export function withoutLast(
  m: Machine,
  logits: Value,
  { sequences, tokens }: LogitRows,
): Value {
  const each = logits.elements / (sequences * tokens);
  return m.keep(slice(m, logits, logits.elements - sequences * each));
}

/**
 * The label's logit and the log-sum of each row, a sequence after the other. Of 16
 * bits a log-softmax of each sequence is kept.
 */
export function selectiveLogSoftmax(
  m: Machine,
  logits: Value,
  sequences: number,
): Value {
  const { elements, dtype, source } = logits;
  const one = Math.round(elements / sequences);
  const all = (label: string) => m.grad(source, elements, dtype, label);
  if (dtype !== "fp32") {
    const chances = m.create(elements, dtype, "log-softmax of logits");
    const node = m.record([logits], [chances], () => {
      const rows = all("gradients of each sequence's logits");
      return m.temporary(
        2 * one * DTYPE_BYTES[dtype],
        "gradient of a log-softmax",
        () => [stacked(m, rows, all)],
      );
    });
    return m.create(1, dtype, "loss", node && { node, slot: 0 });
  }
  const exponentials = one * DTYPE_BYTES[dtype];
  m.temporary(exponentials, "exponentials", () => null, "logits and loss");
  // A label's logit is picked first, so that its gradient comes last.
  const node = m.record([logits, logits], [logits], () => {
    const rows = all("gradients of each sequence's logits");
    const stack = stacked(m, rows, all);
    return [stack, all("gradient of picked logits")];
  });
  return m.create(1, "fp32", "loss", node && { node, slot: 0 });
}

/** Gradients of what was taken apart, side by side again. */
function stacked(
  m: Machine,
  rows: ReturnType<Machine["grad"]>,
  all: (label: string) => ReturnType<Machine["grad"]>,
): ReturnType<Machine["grad"]> {
  const stack = all("gradients side by side");
  m.free(rows);
  return stack;
}

/** A copy of what is no whole tensor, and a chunk of it at a time. */
export function entropyOf(
  m: Machine,
  logits: Value,
  vocabulary: number,
): void {
  const { elements, dtype } = logits;
  const copy = m.create(elements, dtype, "logits for the entropy");
  m.temporary(
    ENTROPY.tensors * Math.min(elements, ENTROPY.rows * vocabulary) *
      DTYPE_BYTES[dtype],
    "entropy of a chunk",
    () => null,
    "logits and loss",
  );
  m.drop(copy);
}
