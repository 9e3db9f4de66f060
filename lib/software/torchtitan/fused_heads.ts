import type { HeadMaker } from "../../play/layers/attention_plan.ts";
import type { AttentionPlan } from "../../play/layers/attention_plan.ts";
import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import { cast, copied, split } from "../../play/torch/ops/arithmetic.ts";
import { linear } from "../../play/torch/ops/linear.ts";
import type { Linear } from "../../play/torch/ops/linear.ts";
import type { Norm } from "../../play/torch/ops/norms.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import { rotated } from "../../play/torch/ops/rotary.ts";
import type { Value } from "../../play/torch/values.ts";

/**
 * The attention of torchtitan's models of experts: one projection, whose parts are
 * copied, a norm of each head, and a rotation in fp32 by rows of the table that are
 * looked up.
 *
 * Sources: pytorch/torchtitan 0.3.0 torchtitan/models/common/attention.py,
 * FusedQKVLinear, GQAttention; torchtitan/models/common/rope.py, CosSinRoPE
 */
export const fusedTitanHeads: HeadMaker = (m, x, plan) => {
  const { heads, kernels } = plan;
  const { width } = heads;
  const rows = heads.batch * heads.queries;
  const mixed = linear(m, x, rows, fusedOf(plan), "queries, keys and values");
  const sizes = [heads.heads, heads.kvHeads, heads.kvHeads];
  const parts = split(m, mixed, sizes.map((each) => rows * each * width));
  let [q, k, v] = parts.map((part) => {
    const own = copied(m, part, "heads of their own");
    m.drop(part);
    return own;
  }) as [Value, Value, Value];
  m.drop(mixed);
  const normed = (from: Value, count: number, own: Norm): Value => {
    const out = norm(m, from, rows * count, own, "norm of heads");
    m.drop(from);
    return out;
  };
  if (plan.qNorm) q = normed(q, heads.heads, plan.qNorm);
  if (plan.kNorm) k = normed(k, heads.kvHeads, plan.kNorm);
  if (plan.rotary !== "none") {
    const table = m.create(
      2 * rows * width,
      "fp32",
      "rows of the rotary table",
    );
    const half = { elements: rows * width };
    const turns = { cos: m.view(table, half), sin: m.view(table, half) };
    const wide = [q, k].map((head) => cast(m, head, "fp32", "heads in fp32"));
    const turned = wide.map((head) =>
      rotated(m, head, turns, "turned heads in fp32", kernels)
    );
    const given = turned.map((head) => cast(m, head, q.dtype, "turned heads"));
    m.drop(...wide, ...turned, turns.cos, turns.sin, table, q, k);
    [q, k] = given as [Value, Value];
  }
  return { heads: [q, k, v], sizes: heads, byHead: false };
};

const FUSED = new WeakMap<AttentionPlan["projections"], Linear>();

/** The three projections as one, the same for all calls of a plan. */
function fusedOf({ projections }: AttentionPlan): Linear {
  if ("qkv" in projections) return projections.qkv;
  if ("asks" in projections) return projections.asks;
  const known = FUSED.get(projections);
  if (known) return known;
  const { q, k, v } = projections;
  const out = q.out + k.out + v.out;
  const made = {
    name: "wqkv",
    in: q.in,
    out,
    weight: weightOf(q, out),
    bias: null,
  };
  FUSED.set(projections, made);
  return made;
}

function weightOf(q: AdaptedLinear, out: number): Linear["weight"] {
  const { weight } = q;
  const elements = q.in * out;
  return "trains" in weight
    ? { ...weight, name: "wqkv.weight", shape: [out, q.in], elements }
    : { ...weight, elements };
}
