import type { LogitCopies } from "../../../models/families/code/loss.ts";
import type { Dtype } from "../dtype.ts";
import type { Machine } from "../machine.ts";
import { keepingSaved } from "../saved_offload.ts";
import type { Value } from "../values.ts";
import type { AdaptedLinear } from "./adapted_linear.ts";
import { adaptedLinear } from "./adapted_linear.ts";
import {
  add,
  cast,
  copied,
  savingOutput,
  scaled,
  slice,
} from "./arithmetic.ts";
import { compiledCrossEntropy } from "./compiled_loss.ts";
import {
  crossEntropy,
  inPlaceCrossEntropy,
  plainCrossEntropy,
} from "./cross_entropy.ts";
import type { HeadLoss } from "./head_loss.ts";
import { HEAD_INPUT } from "./head_loss.ts";

/** How the loss is computed from the logits of all tokens at once. */
export interface LossSettings {
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

/** The logits of so many rows as the model's code makes them, in their own type. */
export function logitsOf(
  m: Machine,
  read: Value,
  rows: number,
  head: AdaptedLinear,
  settings: LossSettings,
): Value {
  // The head's input comes back at once: TRL leaves it where it is.
  let logits = keepingSaved(
    m,
    () => adaptedLinear(m, read, rows, head, "logits"),
  );
  const replace = (next: Value) => {
    m.drop(logits);
    logits = next;
  };
  if (settings.offset) {
    const row = m.external(head.out, settings.offset, "logits' bias", null);
    replace(add(m, logits, row, "logits with bias"));
  }
  if (settings.scaled) replace(scaled(m, logits, "scaled logits"));
  if (settings.softcap) {
    replace(scaled(m, logits, "logits below the cap"));
    replace(savingOutput(m, logits, "tanh of logits"));
    replace(scaled(m, logits, "capped logits"));
  }
  return logits;
}

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
  let logits = logitsOf(m, read, rows, head, settings);
  if (read !== hidden) m.drop(read);
  m.keep(logits);
  if (settings.copies.startsWith("cast") && logits.dtype !== "fp32") {
    const wide = m.keep(cast(m, logits, "fp32", "logits in fp32"));
    m.drop(logits);
    logits = wide;
  }
  const loss = crossEntropyOf(m, logits, rows, settings);
  if (settings.widensOutputs && logits.dtype !== "fp32") {
    const wide = m.keep(cast(m, logits, "fp32", "logits handed out in fp32"));
    m.drop(logits);
    logits = wide;
  }
  return { loss, logits };
}

/** Losses that cast no logits themselves. */
const NARROW: ReadonlySet<LogitCopies> = new Set([
  "shift",
  "shift of one",
  "none",
]);

/** The mean cross entropy of logits as a model's code takes it; a scalar. */
export function crossEntropyOf(
  m: Machine,
  logits: Value,
  rows: number,
  settings: LossSettings,
): Value {
  return m.call(() => {
    const wide = NARROW.has(settings.copies)
      ? m.view(logits)
      : cast(m, logits, "fp32", "logits in fp32");
    const shifted = ["float", "cast", "none"].includes(settings.copies)
      ? m.view(wide)
      : settings.copies === "shift of one"
      ? slice(m, wide, wide.elements)
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
        return NARROW.has(settings.copies)
          ? plainCrossEntropy(m, shifted)
          : crossEntropy(m, shifted);
    }
  });
}

/** The same as a head's loss. */
export function wholeLoss(
  settings: LossSettings,
  input: Dtype | null,
): HeadLoss {
  return (m, hidden, rows, head) => {
    const { loss, logits } = fullLoss(m, hidden, rows, head, settings, input);
    return { loss, logits: [logits] };
  };
}
