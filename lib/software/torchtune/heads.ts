import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { repeated } from "../../play/torch/ops/attention/products.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import { pairwiseRotated } from "./rotary.ts";
import type { HeadMaker } from "../../play/layers/attention_plan.ts";

/**
 * torchtune's attention: queries and keys are turned in fp32 by a table that is
 * looked up for the positions of each token, and keys and values are copied for
 * every query head before the kernel.
 *
 * Source: pytorch/torchtune torchtune/modules/attention.py, MultiHeadAttention
 */
export const torchtuneHeads: HeadMaker = (m, x, plan, table) => {
  const { projections, kernels, heads } = plan;
  if (!("q" in projections)) {
    throw new RangeError("torchtune projects queries, keys and values apart");
  }
  const rows = heads.batch * heads.queries;
  const made = (layer: AdaptedLinear, label: string, turns: boolean) => {
    const plain = adaptedLinear(m, x, rows, layer, label);
    if (!turns || table === null || plan.rotary === "none") return plain;
    const turned = pairwiseRotated(m, plain, rows, heads.width, {
      label: `rotated ${label}`,
      kernels,
    });
    m.drop(plain);
    return turned;
  };
  let q = made(projections.q, "queries", true);
  if (plan.qNorm) {
    q = replaced(
      m,
      q,
      norm(m, q, rows * heads.heads, plan.qNorm, "q norm"),
    );
  }
  let k = made(projections.k, "keys", true);
  let v = made(projections.v, "values", false);
  k = replaced(m, k, repeated(m, k, heads));
  v = replaced(m, v, repeated(m, v, heads));
  if (plan.kNorm) {
    k = replaced(
      m,
      k,
      norm(m, k, rows * heads.heads, plan.kNorm, "k norm"),
    );
  }
  return {
    heads: [q, k, v],
    sizes: { ...heads, kvHeads: heads.heads },
    byHead: false,
  };
};

function replaced(m: Machine, old: Value, value: Value): Value {
  m.drop(old);
  return value;
}
