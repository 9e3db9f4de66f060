import type { LogitCopies } from "../../../models/families/code/loss.ts";
import type { Dtype } from "../dtype.ts";
import type { Machine, Value } from "../machine.ts";
import {
  add,
  cast,
  copied,
  savingOutput,
  scaled,
  slice,
} from "./arithmetic.ts";
import type { AdaptedLinear } from "./adapted_linear.ts";
import type { Chunks } from "./chunked_loss.ts";
import { compiledCrossEntropy } from "./compiled_loss.ts";
import { adaptedLinear } from "./adapted_linear.ts";

/** How the loss is computed from the last hidden states. */
export interface LossSettings {
  /**
   * "full": logits of all tokens at once. "fused": logits of a chunk at a time,
   * gradients within the forward pass. "chunked": a chunk at a time, twice.
   */
  readonly kind: "full" | "fused" | "chunked";
  /** The pieces of a chunked loss whose logits stand together. */
  readonly chunks: Chunks | null;
  readonly copies: LogitCopies;
  /**
   * What takes the loss: "in place": a kernel that writes the gradient over its
   * input; "compiled": kernels that torch.compile makes of it.
   */
  readonly kernel: "eager" | "in place" | "compiled";
  /** Whether what is compiled makes a tensor of the loss's ones and zeros. */
  readonly scatters?: boolean;
  readonly softcap: boolean;
  /** Whether logits are multiplied by a number: granite, cohere. */
  readonly scaled: boolean;
  /** Whether the caller holds the logits through the backward pass. */
  readonly keepsLogits: boolean;
  /** Whether the caller is handed the logits in fp32, beside the model's own. */
  readonly widensOutputs?: boolean;
  /** The type of a row that is added to the logits: BART. */
  readonly offset?: Dtype | null;
}

/** What hidden states are called that are cast for the head. */
export const HEAD_INPUT = "input of the head";

/**
 * The mean cross entropy of so many rows; a scalar.
 *
 * @param input The type that model code casts the head's input to; null for none.
 */
export function fullLoss(
  m: Machine,
  hidden: Value,
  rows: number,
  head: AdaptedLinear,
  settings: LossSettings,
  input: Dtype | null = null,
): { loss: Value; logits: Value } {
  const read = input ? cast(m, hidden, input, HEAD_INPUT) : hidden;
  let logits = adaptedLinear(m, read, rows, head, "logits");
  if (read !== hidden) m.drop(read);
  if (settings.offset) {
    const row = m.external(head.out, settings.offset, "logits' bias", null);
    const next = add(m, logits, row, "logits with bias");
    m.drop(logits);
    logits = next;
  }
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
  if (settings.copies.startsWith("cast") && logits.dtype !== "fp32") {
    const wide = m.keep(cast(m, logits, "fp32", "logits in fp32"));
    m.drop(logits);
    logits = wide;
  }
  const loss = m.call(() => {
    const wide = ["shift", "none"].includes(settings.copies)
      ? m.view(logits)
      : cast(m, logits, "fp32", "logits in fp32");
    const shifted = ["float", "cast", "none"].includes(settings.copies)
      ? m.view(wide)
      : copied(m, slice(m, wide, wide.elements), "shifted logits");
    switch (settings.kernel) {
      case "in place":
        return inPlaceCrossEntropy(m, shifted, rows);
      case "compiled":
        return compiledCrossEntropy(
          m,
          shifted,
          rows,
          settings.scatters ?? false,
        );
      default:
        return settings.copies === "none"
          ? plainCrossEntropy(m, shifted)
          : crossEntropy(m, shifted);
    }
  });
  if (settings.widensOutputs && logits.dtype !== "fp32") {
    const wide = m.keep(cast(m, logits, "fp32", "logits handed out in fp32"));
    m.drop(logits);
    logits = wide;
  }
  return { loss, logits };
}

/**
 * Cross entropy in one kernel, which saves the logits and writes their gradient
 * over them.
 *
 * Source: unslothai/unsloth kernels/cross_entropy_loss.py, Fast_CrossEntropyLoss;
 * linkedin/Liger-Kernel ops/cross_entropy.py
 */
function inPlaceCrossEntropy(m: Machine, logits: Value, rows: number): Value {
  return m.call(() => {
    const losses = m.create(rows, "fp32", "loss of each token");
    const sums = m.create(rows, "fp32", "log-sum of each token");
    const node = m.record([logits], [logits, sums], () => {
      m.tape.retain(logits.storage);
      const { storage, elements, dtype } = logits;
      return [{ storage, elements, dtype }];
    });
    m.drop(losses);
    return m.create(1, "fp32", "loss", node && { node, slot: 0 });
  });
}

/**
 * log_softmax, which saves what it gave, and the pick of each label.
 */
export function crossEntropy(m: Machine, own: Value): Value {
  const wide: Dtype = m.autocast ? "fp32" : own.dtype;
  return m.call(() => picked(m, logSoftmax(m, cast(m, own, wide, WIDE))));
}

/**
 * The same as F.cross_entropy does it: its log_softmax has the logits' type,
 * whatever autocast says, and the pick is what autocast casts.
 *
 * Source: pytorch aten/src/ATen/native/LossNLL.cpp, cross_entropy_loss;
 * aten/src/ATen/autocast_mode.cpp, fp32_set_opt_dtype
 */
export function plainCrossEntropy(m: Machine, logits: Value): Value {
  return m.call(() => {
    const chances = logSoftmax(m, logits);
    const wide: Dtype = m.autocast ? "fp32" : logits.dtype;
    return picked(m, cast(m, chances, wide, "log-softmax in fp32"));
  });
}

const WIDE = "logits in fp32";

function logSoftmax(m: Machine, logits: Value): Value {
  const { elements, dtype } = logits;
  const chances = m.create(elements, dtype, "log-softmax of logits");
  const node = m.record(
    [logits],
    [chances],
    () => [m.grad(logits.source, elements, dtype, "gradient of logits")],
  );
  chances.source = node && { node, slot: 0 };
  return chances;
}

function picked(m: Machine, chances: Value): Value {
  const { elements, dtype } = chances;
  const weight = m.create(1, dtype, "total weight");
  const node = m.record(
    [chances],
    [chances, weight],
    () => [m.grad(chances.source, elements, dtype, "gradient of log-softmax")],
  );
  return m.create(1, dtype, "loss", node && { node, slot: 0 });
}
