import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { copied } from "../torch/ops/arithmetic.ts";
import { attention } from "../torch/ops/attention/attention.ts";
import { liesByToken } from "../torch/ops/attention/sdpa.ts";
import type { RotaryTable } from "../torch/ops/rotary.ts";
import type { AttentionPlan } from "./attention_plan.ts";

/**
 * Attention over normed hidden states.
 *
 * @param held Takes the weights that the layer's code refers to until its end.
 */
export function attentionLayer(
  m: Machine,
  x: Value,
  plan: AttentionPlan,
  table: RotaryTable | null,
  held: Value[] = [],
): Value {
  const rows = plan.heads.batch * plan.heads.queries;
  return m.within("attention activations", () =>
    m.call(() => {
      const { heads, sizes, byHead } = plan.makeHeads(m, x, plan, table);
      let out = attention(m, heads, sizes, plan.settings, null, held);
      const { implementation, masked } = plan.settings;
      if (byHead && !liesByToken(implementation, masked, out.dtype)) {
        const ordered = copied(m, out, "attention output by token");
        m.drop(out);
        out = ordered;
      }
      return adaptedLinear(m, out, rows, plan.o);
    }));
}
