import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { gradFor } from "../../play/torch/ops/arithmetic.ts";
import { handedOn } from "../../play/torch/ops/handed_on.ts";

const SENT = "the loss over a split vocabulary";

/**
 * Cross entropy over this rank's part of the vocabulary: in fp32, in one tensor
 * that becomes the softmax, is saved, and becomes the gradient.
 *
 * Fused, its gradient is compiled: the subtraction at the labels then works on a
 * copy, as code without operations in place does, and the softmax stands beside it.
 *
 * @param rows Tokens.
 * @param compiled Whether it is the fused one (`cross_entropy_loss_fusion`).
 * @returns A loss for each token.
 *
 * Sources: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/tensor_parallel/cross_entropy.py, _VocabParallelCrossEntropy;
 * megatron/core/fusions/fused_cross_entropy.py, calculate_gradients; the code that
 * PyTorch 2.13's Inductor writes for that
 */
export function vocabParallelLoss(
  m: Machine,
  logits: Value,
  rows: number,
  _ranks: number,
  compiled = false,
): Value {
  return m.call(() => {
    // The highest logits, those of the labels, and sums of exponentials.
    m.tape.exchange({
      collective: "all-reduce",
      group: "tensor",
      bytes: rows * DTYPE_BYTES.fp32,
      what: SENT,
    }, 3);
    const soft = m.create(
      logits.elements,
      "fp32",
      "logits, then their softmax",
    );
    const highest = m.create(rows, "fp32", "highest logits");
    m.drop(m.create(rows, "int64", "places of the highest"));
    const mask = m.create(rows, "uint8", "labels of other ranks");
    const labels = m.create(rows, "int64", "labels of this rank");
    const predicted = m.create(rows, "fp32", "logits of labels");
    const sums = m.create(rows, "fp32", "sums of exponentials");
    const node = m.record([logits], [soft, mask, labels], (_, here) => {
      if (compiled) return [compiledGradient(m, logits)];
      const whole = handedOn(m, soft, here);
      const given = gradFor(m, whole, logits);
      m.free(whole);
      return [given];
    });
    m.drop(highest, predicted, sums);
    const source = node && { node, slot: 0 };
    return m.create(rows, "fp32", "losses", source);
  });
}

/** The gradient in the logits' type, made of a copy of the softmax in fp32. */
function compiledGradient(m: Machine, logits: Value) {
  const { source, elements, dtype } = logits;
  const copy = m.grad(null, elements, "fp32", "copy of the softmax");
  const given = source && m.grad(source, elements, dtype, "gradient of logits");
  m.free(copy);
  return given;
}

/**
 * Transformer Engine's cross entropy works in the logits' own memory.
 *
 * Source: NVIDIA/TransformerEngine
 * transformer_engine/pytorch/triton/cross_entropy.py
 */
export function lossInPlace(
  m: Machine,
  logits: Value,
  rows: number,
  ranks: number,
): Value {
  return m.call(() => {
    m.tape.exchange({
      collective: "all-gather",
      group: "tensor",
      bytes: ranks * 3 * rows * DTYPE_BYTES.fp32,
      what: SENT,
    });
    m.drop(m.create(3 * rows, "fp32", "statistics of the logits"));
    const node = m.record(
      [logits],
      [logits],
      (_, here) => [handedOn(m, logits, here)],
    );
    return m.create(rows, "fp32", "losses", node && { node, slot: 0 });
  });
}
