import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { multiply, savingOutput } from "../torch/ops/arithmetic.ts";
import { attention, orderedOutput } from "../torch/ops/attention/attention.ts";
import { norm } from "../torch/ops/norms.ts";
import type { RotaryTable } from "../torch/ops/rotary.ts";
import type { AttentionPlan, MadeHeads } from "./attention_plan.ts";
import { differential } from "./differential_attention.ts";
import type { HeadKeeper } from "./kept_heads.ts";

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
      const made = plan.makeHeads(m, x, plan, table);
      const { byHead } = made;
      const { heads, sizes } = plan.keeper
        ? keptHeads(m, made, plan.keeper)
        : made;
      const { settings } = plan;
      const attend = (own: MadeHeads["heads"]) => {
        const attended = attention(m, own, sizes, settings, null, held);
        return orderedOutput(m, attended, settings, byHead);
      };
      const out = plan.differs
        ? differential(m, heads, sizes, plan.differs, attend)
        : attend(heads);
      const weighed = made.gate ? gated(m, out, made.gate) : out;
      const normed = plan.oNorm
        ? norm(m, weighed, rows, plan.oNorm, "attention output")
        : weighed;
      if (normed !== weighed) m.drop(weighed);
      return adaptedLinear(m, normed, rows, plan.o);
    }));
}

/**
 * Attention's output by the sigmoid of its gate.
 *
 * Source: huggingface/transformers models/qwen3_next/modeling_qwen3_next.py,
 * Qwen3NextAttention
 */
function gated(m: Machine, out: Value, gate: Value): Value {
  const share = savingOutput(m, gate, "gate of the attention output");
  const weighed = multiply(m, out, share, "gated attention output");
  m.drop(out, share);
  return weighed;
}

/** Heads with those keys and values that were kept before. */
function keptHeads(
  m: Machine,
  { heads: [q, k, v], sizes }: MadeHeads,
  keeper: HeadKeeper,
): Pick<MadeHeads, "heads" | "sizes"> {
  const { keys, values, seen } = keeper(m, k, v);
  return { heads: [q, keys, values], sizes: { ...sizes, keys: seen } };
}
