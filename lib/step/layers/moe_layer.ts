import type { Dtype } from "../dtype.ts";
import type { Grad, Machine, Parameter, Value } from "../machine.ts";
import type { ActivationKind } from "../ops/activations.ts";
import { activation } from "../ops/activations.ts";
import type { AdaptedLinear } from "../ops/adapted_linear.ts";
import { adaptedLinear } from "../ops/adapted_linear.ts";
import { add, cast, multiply, savingOutput, split } from "../ops/arithmetic.ts";
import { gathered } from "../ops/gather.ts";
import type { Packed } from "../ops/linear.ts";
import { linear, underAutocast } from "../ops/linear.ts";
import { softmax } from "../ops/softmax.ts";
import type { Routing } from "../plan/routing.ts";
import type { MlpPlan } from "./mlp_layer.ts";
import { mlpLayer } from "./mlp_layer.ts";

/** How a release of transformers runs its experts. */
export type ExpertCode =
  /** 5 with torch from 2.9: all experts in one grouped product. */
  | "grouped"
  /** 5 before: one after the other, each a slice of one parameter. */
  | "slices"
  /** 4: one after the other, each with linear layers of its own. */
  | "linears";

/** A feed-forward network of routed experts. */
export interface MoePlan {
  readonly router: AdaptedLinear;
  readonly experts: number;
  readonly perToken: number;
  readonly hidden: number;
  readonly width: number;
  /** All experts' matrices: gate and up side by side, and down. */
  readonly gateUp: Parameter | Packed;
  readonly down: Parameter | Packed;
  readonly activation: ActivationKind;
  readonly shared: MlpPlan | null;
  /** Qwen's gate of the shared expert. */
  readonly sharedGate: AdaptedLinear | null;
  readonly code: ExpertCode;
  /** Whether the router's weights stay in fp32: Mixtral. */
  readonly wideWeights: boolean;
  readonly routing: Routing;
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
      const out = plan.code === "grouped"
        ? grouped(m, x, weights, rows, plan)
        : oneByOne(m, x, weights, rows, plan);
      m.drop(weights);
      if (!plan.shared) return out;
      const shared = sharedExpert(m, x, rows, plan.shared, plan.sharedGate);
      return add(m, out, shared, "experts and shared expert");
    }));
}

/** The expert that every row passes, weighted where it has a gate. */
function sharedExpert(
  m: Machine,
  x: Value,
  rows: number,
  plan: MlpPlan,
  own: AdaptedLinear | null,
): Value {
  return m.call(() => {
    const out = mlpLayer(m, x, rows, plan);
    if (!own) return out;
    const score = adaptedLinear(m, x, rows, own, "shared expert's score");
    const weight = savingOutput(m, score, "shared expert's weight");
    m.drop(score);
    return multiply(m, weight, out, "weighted shared expert");
  });
}

/** The weights of the chosen experts of every row: they sum to one. */
function routed(m: Machine, x: Value, rows: number, plan: MoePlan): Value {
  return m.call(() => {
    const many = rows * plan.perToken;
    const scores = plan.routing.wide
      ? wideScores(m, x, rows, plan.router)
      : adaptedLinear(m, x, rows, plan.router, "router scores");
    const chances = plan.routing.sigmoid
      ? sigmoids(m, scores)
      : softmax(m, scores, true, "router softmax");
    m.drop(scores);
    const picks = m.create(many, "int64", "chosen experts");
    const node = m.record([chances], [picks], () => [
      m.grad(
        chances.source,
        chances.elements,
        "fp32",
        "gradient of router softmax",
      ),
    ]);
    const top = m.create(
      many,
      "fp32",
      "weights of chosen experts",
      node && { node, slot: 0 },
    );
    if (plan.routing.sigmoid) return shares(m, top, rows);
    return plan.wideWeights
      ? m.view(top)
      : cast(m, top, m.autocast ?? x.dtype, "weights of chosen experts");
  });
}

/** A router's product in fp32 of whatever it is given, but for autocast. */
function wideScores(
  m: Machine,
  x: Value,
  rows: number,
  { weight, out }: AdaptedLinear,
): Value {
  return m.call(() => {
    const [input, matrix] = [
      x,
      "trains" in weight ? m.parameter(weight) : x,
    ].map((each) =>
      underAutocast(
        m,
        cast(m, each, "fp32", "router input in fp32"),
        "router input",
      )
    ) as [Value, Value];
    const node = m.record(
      [input, matrix],
      [matrix.source ? input : null, input.source ? matrix : null],
      () =>
        [input, matrix].map((each) =>
          each.source &&
          m.grad(each.source, each.elements, each.dtype, "router gradient")
        ),
    );
    return m.create(
      rows * out,
      input.dtype,
      "router scores",
      node && { node, slot: 0 },
    );
  });
}

/** Scores between 0 and 1 in fp32. */
function sigmoids(m: Machine, scores: Value): Value {
  return m.call(() => {
    const wide = cast(m, scores, "fp32", "router scores in fp32");
    return savingOutput(m, wide, "router sigmoids");
  });
}

/** Each weight's share of its row's sum, which is divided in place. */
function shares(m: Machine, top: Value, rows: number): Value {
  return m.call(() => {
    const sum = m.create(rows, "fp32", "sum of chosen weights");
    const own = m.create(top.elements, "fp32", "shares of chosen weights");
    const node = m.record([top], [sum, own], () => [
      m.grad(top.source, top.elements, "fp32", "gradient of shares"),
    ]);
    return m.create(
      top.elements,
      "fp32",
      "scaled shares",
      node && { node, slot: 0 },
    );
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
    const ordered = gathered(m, x, many * plan.hidden, many, "rows by expert");
    const own = gathered(m, weights, many, many, "ordered weights");
    const result = m.call(() => {
      const both = expertProduct(
        m,
        ordered,
        many,
        plan.gateUp,
        plan.hidden,
        2 * plan.width,
        plan,
      );
      const gated = gate(m, both, many, plan);
      return expertProduct(
        m,
        gated,
        many,
        plan.down,
        plan.width,
        plan.hidden,
        plan,
      );
    });
    m.drop(ordered);
    const weighted = multiply(m, result, own, "weighted expert outputs");
    m.drop(result);
    const back = gathered(
      m,
      weighted,
      many * plan.hidden,
      many,
      "rows in order",
    );
    m.drop(weighted);
    const sum = summed(m, back, rows * plan.hidden);
    m.drop(back);
    return cast(m, sum, x.dtype, "output of experts");
  });
}

/** The sum of each row's experts. */
function summed(m: Machine, x: Value, elements: number): Value {
  const node = m.record([x], [], () => [
    m.grad(x.source, x.elements, x.dtype, "gradient of the sum"),
  ]);
  return m.create(
    elements,
    x.dtype,
    "sum of experts",
    node && { node, slot: 0 },
  );
}

/**
 * One expert after the other, each on its share of the rows; its result is added
 * in place.
 *
 * Source: huggingface/transformers models/mixtral/modeling_mixtral.py,
 * MixtralExperts.forward of 5 and MixtralSparseMoeBlock.forward of 4
 */
function oneByOne(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  plan: MoePlan,
): Value {
  return m.call(() => {
    const { experts, perToken, hidden } = plan;
    m.create(rows * perToken * experts, "int64", "expert mask");
    let sum = m.create(rows * hidden, x.dtype, "output of experts");
    const each = Math.ceil(rows * perToken / experts);
    for (let expert = 0; expert < experts; expert++) {
      const next = m.call(() => {
        const mine = gathered(m, x, each * hidden, each, "rows of an expert");
        const out = expertMlp(m, mine, each, plan);
        const share = gathered(m, weights, each, each, "weights of its rows");
        const weighted = multiply(m, out, share, "weighted expert output");
        m.drop(out);
        const narrow = cast(m, weighted, x.dtype, "weighted expert output");
        return addedInPlace(m, sum, narrow, each);
      });
      m.drop(sum);
      sum = next;
    }
    return sum;
  });
}

/** index_add_: the sum's gradient goes on, the rows' is gathered. */
function addedInPlace(
  m: Machine,
  sum: Value,
  rows: Value,
  count: number,
): Value {
  const index = m.create(count, "int64", "rows' places");
  const node = m.record([sum, rows], [index], ([grad]) => [
    grad && sum.source ? m.share(grad) : null,
    rows.source &&
    m.grad(rows.source, rows.elements, rows.dtype, "gradient of expert rows"),
  ]);
  return m.view(sum, { source: node && { node, slot: 0 } });
}

/** One expert's network on its rows. */
function expertMlp(
  m: Machine,
  x: Value,
  rows: number,
  plan: MoePlan,
): Value {
  return m.call(() => {
    const { hidden, width, experts } = plan;
    if (plan.code === "linears") {
      const own = part(plan.gateUp, 2 * experts);
      const first = expertProduct(m, x, rows, own, hidden, width, plan);
      const active = activation(m, first, plan.activation, "expert activation");
      m.drop(first);
      const second = expertProduct(m, x, rows, own, hidden, width, plan);
      const product = multiply(m, active, second, "expert product");
      m.drop(active, second);
      return expertProduct(
        m,
        product,
        rows,
        part(plan.down, experts),
        width,
        hidden,
        plan,
      );
    }
    const both = expertProduct(
      m,
      x,
      rows,
      plan.gateUp,
      hidden,
      2 * width,
      plan,
    );
    const gated = gate(m, both, rows, plan);
    m.drop(both);
    return expertProduct(m, gated, rows, plan.down, width, hidden, plan);
  });
}

function gate(m: Machine, both: Value, rows: number, plan: MoePlan): Value {
  return m.call(() => {
    const half = rows * plan.width;
    const [first, up] = split(m, both, [half, half]) as [Value, Value];
    const active = activation(m, first, plan.activation, "expert activation");
    return multiply(m, active, up, "expert product");
  });
}

/** One of so many equal matrices. */
function part(
  whole: Parameter | Packed,
  count: number,
): Parameter | Packed {
  return "trains" in whole ? whole : {
    ...whole,
    elements: whole.elements / count,
  };
}

/**
 * Rows times an expert's matrix, or all experts' at once. A slice of a parameter
 * gets a gradient as large as the whole parameter, of zeros but for itself.
 */
function expertProduct(
  m: Machine,
  x: Value,
  rows: number,
  weight: Parameter | Packed,
  width: number,
  out: number,
  { code, experts }: MoePlan,
): Value {
  const name = "experts";
  if (!("trains" in weight) || !weight.trains) {
    return linear(m, x, rows, { name, in: width, out, weight, bias: null });
  }
  const input = underAutocast(m, x, `${name} input`);
  const whole = m.parameter(weight);
  const dtype = m.autocast ?? input.dtype;
  const node = m.record([input, whole], [input], () => [
    input.source &&
    m.grad(input.source, rows * width, dtype, "gradient at experts' input"),
    code === "slices" ? sliceGradient(m, weight, width * out, dtype) : m.grad(
      weight,
      code === "linears" ? weight.elements / experts : weight.elements,
      weight.dtype,
      "experts' weight gradient",
    ),
  ]);
  const result = m.create(
    rows * out,
    dtype,
    "output of experts' products",
    node && { node, slot: 0 },
  );
  m.drop(input);
  return result;
}

/** A slice's gradient, and the zeros of the whole that it is put into. */
function sliceGradient(
  m: Machine,
  weight: Parameter,
  elements: number,
  dtype: Dtype,
): Grad {
  const own = m.grad(null, elements, dtype, "gradient of an expert");
  const whole = m.grad(
    weight,
    weight.elements,
    weight.dtype,
    "gradient of all experts",
  );
  m.free(own);
  return whole;
}
