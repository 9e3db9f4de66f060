import type { Machine, Value } from "../machine.ts";
import type { AdaptedLinear } from "./adapted_linear.ts";
import { adaptedLinear } from "./adapted_linear.ts";
import { cast, copied, slice } from "./arithmetic.ts";

/** A loss that reads logits as the head gave them, in their own type. */
export interface DirectLoss {
  /** Rows whose labels count; where fewer than all, their logits are copied. */
  readonly scored: number;
}

/** torch's cross entropy on the logits of so many rows. */
export function directLoss(
  m: Machine,
  hidden: Value,
  rows: number,
  head: AdaptedLinear,
  { scored }: DirectLoss,
): { loss: Value; logits: readonly Value[] } {
  const logits = m.keep(adaptedLinear(m, hidden, rows, head, "logits"));
  // The logits take the variable of the hidden states.
  m.drop(hidden);
  const loss = m.call(() => {
    if (scored === rows) return crossEntropy(m, logits);
    const some = slice(m, logits, scored * head.out);
    return crossEntropy(m, copied(m, some, "logits of text tokens"));
  });
  return { loss, logits: [logits] };
}

/**
 * cross_entropy_loss asks log_softmax for the logits' own type, which autocast
 * heeds; the pick of each label then runs in fp32.
 *
 * Source: pytorch aten/src/ATen/native/LossNLL.cpp, cross_entropy_loss;
 * aten/src/ATen/autocast_mode.h, fp32_set_opt_dtype and AT_FORALL_FP32
 */
function crossEntropy(m: Machine, logits: Value): Value {
  return m.call(() => {
    const { elements, dtype } = logits;
    const chances = m.create(elements, dtype, "log-softmax of logits");
    const node = m.record(
      [logits],
      [chances],
      () => [m.grad(logits.source, elements, dtype, "gradient of logits")],
    );
    chances.source = node && { node, slot: 0 };
    const wide = m.autocast
      ? cast(m, chances, "fp32", "log-softmax in fp32")
      : m.view(chances);
    const weight = m.create(1, wide.dtype, "total weight");
    const picked = m.record(
      [wide],
      [wide, weight],
      () => [
        m.grad(wide.source, elements, wide.dtype, "gradient of log-softmax"),
      ],
    );
    return m.create(1, wide.dtype, "loss", picked && { node: picked, slot: 0 });
  });
}
