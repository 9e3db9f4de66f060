import type { Dtype } from "../dtype.ts";
import type { Machine, Value } from "../machine.ts";
import { cast, copied, savingOutput, scaled } from "./arithmetic.ts";
import type { AdaptedLinear } from "./adapted_linear.ts";
import { adaptedLinear } from "./adapted_linear.ts";
import type { Parameter } from "../machine.ts";

/** How the loss is computed from the last hidden states. */
export interface LossSettings {
  /**
   * "full": logits of all tokens at once. "fused": logits of a chunk at a time,
   * gradients within the forward pass. "chunked": a chunk at a time, twice.
   */
  readonly kind: "full" | "fused" | "chunked";
  /**
   * Which tensors the loss makes of the logits: "float" casts them to fp32;
   * "float and shift" also copies them without the last token; "shift" copies
   * them, and casts before.
   */
  readonly copies: "float" | "float and shift" | "before";
  readonly softcap: boolean;
  /** Whether logits are multiplied by a number: granite, cohere. */
  readonly scaled: boolean;
  /** Whether the caller gets logits in fp32: accelerate under autocast. */
  readonly keepsLogits: boolean;
}

/** The mean cross entropy of so many rows; a scalar. */
export function fullLoss(
  m: Machine,
  hidden: Value,
  rows: number,
  head: AdaptedLinear,
  settings: LossSettings,
): { loss: Value; logits: Value } {
  let logits = adaptedLinear(m, hidden, rows, head, "logits");
  if (settings.scaled) {
    const next = scaled(m, logits, "scaled logits");
    m.drop(logits);
    logits = next;
  }
  if (settings.softcap) {
    const inner = scaled(m, logits, "logits below the cap");
    m.drop(logits);
    const bent = savingOutput(m, inner, "tanh of logits");
    m.drop(inner);
    logits = scaled(m, bent, "capped logits");
    m.drop(bent);
  }
  m.keep(logits);
  if (settings.copies === "before" && logits.dtype !== "fp32") {
    const wide = m.keep(cast(m, logits, "fp32", "logits in fp32"));
    m.drop(logits);
    logits = wide;
  }
  const loss = m.call(() => {
    const wide = cast(m, logits, "fp32", "logits in fp32");
    const shifted = settings.copies === "float"
      ? m.view(wide)
      : copied(m, wide, "shifted logits");
    return crossEntropy(m, shifted);
  });
  return { loss, logits };
}

/** log_softmax, which saves what it gave, and the pick of each label. */
function crossEntropy(m: Machine, logits: Value): Value {
  return m.call(() => {
    const wide: Dtype = "fp32";
    const chances = m.create(logits.elements, wide, "log-softmax of logits");
    const node = m.record(
      [logits],
      [chances],
      () => [
        m.grad(logits.source, logits.elements, wide, "gradient of logits"),
      ],
    );
    chances.source = node && { node, slot: 0 };
    const weight = m.create(1, wide, "total weight");
    const picked = m.record(
      [chances],
      [chances, weight],
      () => [
        m.grad(
          chances.source,
          chances.elements,
          wide,
          "gradient of log-softmax",
        ),
      ],
    );
    return m.create(1, wide, "loss", picked && { node: picked, slot: 0 });
  });
}

/**
 * Linear and cross entropy in one: a chunk of tokens at a time its logits, whose
 * gradient overwrites them; the gradients of hidden states and of the head's
 * weight are ready when the forward pass ends.
 *
 * Source: linkedin/Liger-Kernel ops/fused_linear_cross_entropy.py
 */
export function fusedLoss(
  m: Machine,
  hidden: Value,
  rows: number,
  width: number,
  vocabulary: number,
  weight: Parameter | null,
  dtype: Dtype,
): Value {
  return m.call(() => {
    const parts = Math.ceil(vocabulary / width);
    const chunk = 2 ** Math.ceil(Math.log2(Math.ceil(rows / parts)));
    const trains = weight?.trains ?? false;
    const toHidden = m.create(rows * width, dtype, "gradient of hidden states");
    const toWeight = trains
      ? m.create(vocabulary * width, dtype, "gradient of the head")
      : null;
    const losses = m.create(rows, "fp32", "loss of each token");
    const size = Math.min(chunk, rows);
    m.call(() => {
      const logits = m.create(size * vocabulary, dtype, "logits of a chunk");
      const wide = m.create(size * vocabulary, "fp32", "logits in fp32");
      m.drop(wide);
      if (toWeight) {
        const product = m.create(
          vocabulary * width,
          dtype,
          "a chunk's gradient of the head",
        );
        m.create(vocabulary * width, "fp32", "the same in fp32");
        m.drop(product);
      }
      return logits;
    });
    const head = weight ? m.parameter(weight) : null;
    const node = m.record([hidden, head], [toHidden, toWeight], () => [
      hidden.source && {
        storage: retained(m, toHidden),
        elements: toHidden.elements,
        dtype,
      },
      head?.source && toWeight
        ? m.grad(head.source, toWeight.elements, dtype, "head gradient")
        : null,
    ]);
    m.drop(losses);
    return m.create(1, "fp32", "loss", node && { node, slot: 0 });
  });
}

function retained(m: Machine, { storage }: Value): number {
  m.tape.retain(storage);
  return storage;
}

/**
 * A chunk of tokens at a time through a checkpoint: forward twice, so that one
 * chunk's logits stand at once.
 *
 * Source: huggingface/trl trainer/sft_trainer.py, chunks of 256 tokens;
 * pytorch/torchtune modules/loss/ce_chunked_output_loss.py, 8 chunks, whose
 * logits stand together.
 */
export const TRL_CHUNK = 256;
