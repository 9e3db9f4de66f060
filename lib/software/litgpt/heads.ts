import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import {
  cast,
  copied,
  join,
  slice,
  split,
} from "../../play/torch/ops/arithmetic.ts";
import { repeated } from "../../play/torch/ops/attention/products.ts";
import { rotated } from "../../play/torch/ops/rotary.ts";
import { sideBySide } from "./qkv.ts";
import type { RotaryTable } from "../../play/torch/ops/rotary.ts";
import type { AttentionPlan } from "../../play/layers/attention_plan.ts";
import type { HeadMaker } from "../../play/layers/attention_plan.ts";

/**
 * LitGPT's attention: one projection whose result's views live through the call,
 * a rotation in fp32, and heads joined again head by head; keys and values are
 * copied for every query head.
 *
 * Source: Lightning-AI/litgpt lit_gpt/model.py, CausalSelfAttention.forward
 */
export const litgptHeads: HeadMaker = (m, x, plan, table) => {
  const { heads, projections } = plan;
  const rows = heads.batch * heads.queries;
  const qkv = sideBySide(
    m,
    x,
    rows,
    "q" in projections
      ? [projections.q, projections.k, projections.v]
      : ["qkv" in projections ? projections.qkv : projections.asks],
    heads,
  );
  const features = [heads.heads, heads.kvHeads, heads.kvHeads].map((count) =>
    rows * count * heads.width
  );
  let [q, k, v] = split(m, qkv, features) as [Value, Value, Value];
  if (heads.heads !== heads.kvHeads) {
    q = copied(m, q, "queries by head");
    k = repeated(m, k, heads);
    v = repeated(m, v, heads);
  }
  const sizes = { ...heads, kvHeads: heads.heads };
  return {
    heads: [
      turned(m, q, plan, table, "queries"),
      turned(m, k, plan, table, "keys"),
      v,
    ],
    sizes,
    byHead: true,
  };
};

function turned(
  m: Machine,
  x: Value,
  plan: AttentionPlan,
  table: RotaryTable | null,
  name: string,
): Value {
  if (table === null || plan.rotary === "none") return m.view(x);
  const turning = plan.rotary === "part"
    ? slice(m, x, Math.round(x.elements * plan.rotaryShare))
    : m.view(x);
  const staying = slice(m, x, x.elements - turning.elements);
  const wide = rotated(m, turning, table, `rotated ${name} in fp32`);
  const narrow = cast(m, wide, x.dtype, `rotated ${name}`);
  m.drop(wide);
  return join(m, [narrow, staying], `${name} by head`);
}
