import { DTYPE_BYTES } from "../dtype.ts";
import type { Machine, Parameter, Value } from "../machine.ts";
import type { ActivationKind } from "../ops/activations.ts";
import { activation } from "../ops/activations.ts";
import { add, cast, multiply, slice, split } from "../ops/arithmetic.ts";
import type { AdaptedLinear } from "../ops/adapted_linear.ts";
import { adaptedLinear } from "../ops/adapted_linear.ts";
import type { Packed } from "../ops/linear.ts";
import { linear } from "../ops/linear.ts";
import type { MlpPlan } from "./mlp_layer.ts";
import { mlpLayer } from "./mlp_layer.ts";

/** A feed-forward network of routed experts. */
export interface MoePlan {
  readonly router: AdaptedLinear;
  readonly experts: number;
  readonly perToken: number;
  readonly hidden: number;
  readonly width: number;
  /** All experts' matrices in one tensor each, or packed one by one. */
  readonly gateUp: Parameter | Packed;
  readonly down: Parameter | Packed;
  readonly activation: ActivationKind;
  readonly shared: MlpPlan | null;
  /** Whether all experts run in one kernel each, or one after the other. */
  readonly grouped: boolean;
}

/** Routes each row to its experts and adds what they give. */
export function moeLayer(
  m: Machine,
  x: Value,
  rows: number,
  plan: MoePlan,
): Value {
  return m.within("expert activations", () =>
    m.call(() => {
      const weights = routed(m, x, rows, plan);
      const out = plan.grouped
        ? grouped(m, x, weights, rows, plan)
        : oneByOne(m, x, weights, rows, plan);
      m.drop(weights);
      if (!plan.shared) return out;
      const shared = mlpLayer(m, x, rows, plan.shared);
      return add(m, out, shared, "experts and shared expert");
    }));
}

/** The weight of each chosen expert, of every row. */
function routed(m: Machine, x: Value, rows: number, plan: MoePlan): Value {
  return m.call(() => {
    const scores = adaptedLinear(m, x, rows, plan.router, "router scores");
    const wide = cast(m, scores, "fp32", "router scores in fp32");
    const chances = m.create(rows * plan.experts, "fp32", "router softmax");
    const node = m.record([wide], [chances], () => [
      m.grad(wide.source, wide.elements, "fp32", "gradient of router scores"),
    ]);
    chances.source = node && { node, slot: 0 };
    const picks = m.create(rows * plan.perToken, "int64", "chosen experts");
    const picked = m.record([chances], [picks], () => [
      m.grad(
        chances.source,
        chances.elements,
        "fp32",
        "gradient of router softmax",
      ),
    ]);
    const top = m.create(
      rows * plan.perToken,
      "fp32",
      "weights of chosen experts",
      picked && { node: picked, slot: 0 },
    );
    return cast(m, top, x.dtype, "weights of chosen experts");
  });
}

/**
 * All experts at once: rows are copied into the experts' order, multiplied in
 * grouped products, weighted, and put back.
 *
 * Source: huggingface/transformers integrations/moe.py, grouped_mm_experts_forward
 */
function grouped(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  plan: MoePlan,
): Value {
  return m.call(() => {
    const many = rows * plan.perToken;
    const chosen = gathered(m, x, many * plan.hidden, "rows by expert");
    const ordered = gathered(m, chosen, many * plan.hidden, "sorted rows");
    m.drop(chosen);
    const inner = expertMlp(m, ordered, many, plan, 1);
    m.drop(ordered);
    const weighted = multiply(m, inner, weights, "weighted expert outputs");
    m.drop(inner);
    const back = gathered(m, weighted, many * plan.hidden, "rows in order");
    m.drop(weighted);
    const node = m.record([back], [], () => [
      m.grad(back.source, back.elements, back.dtype, "gradient of the sum"),
    ]);
    return m.create(
      rows * plan.hidden,
      x.dtype,
      "output of experts",
      node && { node, slot: 0 },
    );
  });
}

/** One expert after the other, each on its share of the rows. */
function oneByOne(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  plan: MoePlan,
): Value {
  return m.call(() => {
    const { experts, perToken, hidden } = plan;
    let sum = m.create(rows * hidden, x.dtype, "output of experts");
    const each = rows * perToken / experts;
    for (let expert = 0; expert < experts; expert++) {
      const next = m.call(() => {
        const mine = gathered(m, x, each * hidden, "rows of an expert");
        const out = expertMlp(m, mine, each, plan, experts);
        m.drop(mine);
        const share = slice(m, weights, each);
        const weighted = multiply(m, out, share, "weighted expert output");
        m.drop(out);
        return added(m, sum, weighted);
      });
      m.drop(sum);
      sum = next;
    }
    return sum;
  });
}

/** index_add_ in place: the sum's gradient goes on, the rows' is gathered. */
function added(m: Machine, sum: Value, rows: Value): Value {
  const node = m.record([sum, rows], [], ([grad]) => [
    grad && sum.source ? m.share(grad) : null,
    rows.source &&
    m.grad(rows.source, rows.elements, rows.dtype, "gradient of expert rows"),
  ]);
  return m.view(sum, { source: node && { node, slot: 0 } });
}

/** The gated network of the experts that share a call. */
function expertMlp(
  m: Machine,
  x: Value,
  rows: number,
  plan: MoePlan,
  calls: number,
): Value {
  return m.call(() => {
    const { hidden, width } = plan;
    const both = expertLinear(
      m,
      x,
      rows,
      plan.gateUp,
      hidden,
      2 * width,
      calls,
    );
    const [gate, up] = split(m, both, [rows * width, rows * width]) as [
      Value,
      Value,
    ];
    m.drop(both);
    const active = activation(m, gate, plan.activation, "expert activation");
    m.drop(gate);
    const product = multiply(m, active, up, "expert product");
    m.drop(active, up);
    return expertLinear(m, product, rows, plan.down, width, hidden, calls);
  });
}

function expertLinear(
  m: Machine,
  x: Value,
  rows: number,
  weight: Parameter | Packed,
  width: number,
  out: number,
  calls: number,
): Value {
  const name = "experts";
  if (!("trains" in weight)) {
    const one = { ...weight, elements: weight.elements / calls };
    return linear(m, x, rows, {
      name,
      in: width,
      out,
      weight: one,
      bias: null,
    });
  }
  return linear(m, x, rows, { name, in: width, out, weight, bias: null });
}

/** A copy of rows by an index, which is saved. */
function gathered(
  m: Machine,
  x: Value,
  elements: number,
  label: string,
): Value {
  const node = m.record([x], [], () => [
    m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`),
  ]);
  return m.create(elements, x.dtype, label, node && { node, slot: 0 });
}

/** Bytes of a gradient that is as large as all experts, made for each of them. */
export function wholeExpertGradient({ elements, dtype }: Parameter): number {
  return elements * DTYPE_BYTES[dtype];
}
