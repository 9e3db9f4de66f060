import type { HeadMaker } from "../../play/layers/attention_plan.ts";
import { adaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { repeated } from "../../play/torch/ops/attention/products.ts";
import type { Norm } from "../../play/torch/ops/norms.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import type { Value } from "../../play/torch/values.ts";
import { complexTurned } from "./rotary.ts";

/**
 * torchtitan's attention: queries and keys are turned as complex numbers, and keys
 * and values are copied for every query head before the kernel.
 *
 * Source: pytorch/torchtitan 0.1.0 torchtitan/models/llama3/model.py,
 * Attention.forward
 */
export const torchtitanHeads: HeadMaker = (m, x, plan) => {
  const { projections, kernels, heads } = plan;
  if (!("q" in projections)) {
    throw new RangeError("torchtitan projects queries, keys and values apart");
  }
  const rows = heads.batch * heads.queries;
  let q = adaptedLinear(m, x, rows, projections.q, "queries");
  let k = adaptedLinear(m, x, rows, projections.k, "keys");
  const v = adaptedLinear(m, x, rows, projections.v, "values");
  const normed = (from: Value, count: number, own: Norm): Value => {
    const out = norm(m, from, rows * count, own, "norm of heads");
    m.drop(from);
    return out;
  };
  if (plan.qNorm) q = normed(q, heads.heads, plan.qNorm);
  if (plan.kNorm) k = normed(k, heads.kvHeads, plan.kNorm);
  if (plan.rotary !== "none") {
    const before = [q, k];
    [q, k] = complexTurned(m, [q, k], kernels);
    m.drop(...before);
  }
  const keys = repeated(m, k, heads);
  const values = repeated(m, v, heads);
  m.drop(k, v);
  return {
    heads: [q, keys, values],
    sizes: { ...heads, kvHeads: heads.heads },
    byHead: false,
  };
};
