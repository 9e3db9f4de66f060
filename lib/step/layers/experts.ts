import type { Machine, Parameter, Value } from "../machine.ts";
import type { ActivationKind } from "../ops/activations.ts";
import { activation, clampedGate } from "../ops/activations.ts";
import type { AdaptedLinear } from "../ops/adapted_linear.ts";
import { adaptedLinear } from "../ops/adapted_linear.ts";
import type { ParameterAdapter } from "../ops/adapted_parameter.ts";
import { withUpdate } from "../ops/adapted_parameter.ts";
import { addedTo, cast, multiply, slice, split } from "../ops/arithmetic.ts";
import { gathered } from "../ops/gather.ts";
import { groupedProduct, linear, product } from "../ops/linear.ts";
import type { Packed } from "../ops/linear.ts";

/** How a release of transformers runs its experts. */
export type ExpertCode =
  /** 5 with torch from 2.9: all experts in one grouped product. */
  | "grouped"
  /** 5 before: one after the other, each a slice of one parameter. */
  | "slices"
  /** 4: one after the other, each with linear layers of its own. */
  | "linears";

/** The matrices of all experts, in one parameter. */
export interface Fused {
  readonly weight: Parameter | Packed;
  readonly adapter: ParameterAdapter | null;
  /** A row of biases for each expert, where there are any. */
  readonly bias?: Parameter | null;
}

/** The layers of one expert of transformers 4. */
export interface ExpertLinears {
  readonly gate: AdaptedLinear;
  readonly up: AdaptedLinear;
  readonly down: AdaptedLinear;
}

/** Routed experts. */
export interface ExpertsPlan {
  readonly experts: number;
  readonly perToken: number;
  readonly hidden: number;
  readonly width: number;
  /** Gate and up side by side. */
  readonly gateUp: Fused;
  readonly down: Fused;
  /** Each expert's own layers where the code has them. */
  readonly linears: readonly ExpertLinears[] | null;
  readonly activation: ActivationKind;
  readonly code: ExpertCode;
}

/** A matrix of an expert or of all, as their code reads it. */
type Matrix = Packed | (() => Value);

/** What the experts give for rows that are weighted like this, summed. */
export function experts(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  plan: ExpertsPlan,
): Value {
  if (plan.linears) {
    const { linears } = plan;
    return oneByOne(
      m,
      x,
      weights,
      rows,
      plan,
      (own, count, at) => ownMlp(m, own, count, linears[at], plan),
    );
  }
  // PEFT nests what it puts around them: the last parameter's stands outside.
  return readBy(
    m,
    plan.down,
    (down) =>
      readBy(
        m,
        plan.gateUp,
        (gateUp) =>
          plan.code === "grouped"
            ? grouped(m, x, weights, rows, plan, gateUp, down)
            : oneByOne(m, x, weights, rows, plan, (own, count) =>
              fusedMlp(m, own, count, plan, gateUp, down)),
      ),
  );
}

function readBy(
  m: Machine,
  { weight, adapter }: Fused,
  body: (own: Matrix) => Value,
): Value {
  return "trains" in weight
    ? withUpdate(m, weight, adapter, body)
    : body(weight);
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
  plan: ExpertsPlan,
  gateUp: Matrix,
  down: Matrix,
): Value {
  return m.call(() => {
    const many = rows * plan.perToken;
    const ordered = gathered(m, x, many * plan.hidden, many, "rows by expert");
    const own = gathered(m, weights, many, many, "ordered weights");
    const result = fusedMlp(m, ordered, many, plan, gateUp, down);
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
 *
 * @param mlp One expert's network on so many rows.
 */
function oneByOne(
  m: Machine,
  x: Value,
  weights: Value,
  rows: number,
  { experts, perToken, hidden }: ExpertsPlan,
  mlp: (own: Value, rows: number, expert: number) => Value,
): Value {
  return m.call(() => {
    m.create(rows * perToken * experts, "int64", "expert mask");
    let sum = m.create(rows * hidden, x.dtype, "output of experts");
    const each = Math.ceil(rows * perToken / experts);
    for (let expert = 0; expert < experts; expert++) {
      const next = m.call(() => {
        const mine = gathered(m, x, each * hidden, each, "rows of an expert");
        const out = mlp(mine, each, expert);
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

/** The network of an expert with layers of its own: transformers 4. */
function ownMlp(
  m: Machine,
  x: Value,
  rows: number,
  own: ExpertLinears | undefined,
  plan: ExpertsPlan,
): Value {
  if (!own) throw new RangeError("an expert has no layers");
  return m.call(() => {
    const first = adaptedLinear(m, x, rows, own.gate, OUTPUT);
    const active = activation(m, first, plan.activation, "expert activation");
    m.drop(first);
    const second = adaptedLinear(m, x, rows, own.up, OUTPUT);
    const inner = multiply(m, active, second, "expert product");
    m.drop(active, second);
    return adaptedLinear(m, inner, rows, own.down, OUTPUT);
  });
}

/** The network of one expert or of all. */
function fusedMlp(
  m: Machine,
  x: Value,
  rows: number,
  plan: ExpertsPlan,
  gateUp: Matrix,
  down: Matrix,
): Value {
  return m.call(() => {
    const { hidden, width } = plan;
    const both = biased(
      m,
      times(m, x, rows, gateUp, [hidden, 2 * width], plan),
      rows,
      plan.gateUp.bias,
    );
    const gated = gate(m, both, rows, plan);
    // One by one, the halves have names of their own until the next expert.
    if (plan.code === "grouped") m.drop(both);
    return biased(
      m,
      times(m, gated, rows, down, [width, hidden], plan),
      rows,
      plan.down.bias,
    );
  });
}

/** Adds each row's expert's biases in place. */
function biased(
  m: Machine,
  x: Value,
  rows: number,
  bias: Parameter | null | undefined,
): Value {
  if (!bias) return x;
  return m.call(() => {
    const picked = gathered(
      m,
      m.parameter(bias),
      x.elements,
      rows,
      "biases by row",
    );
    const own = cast(m, picked, x.dtype, "biases by row");
    const sum = addedTo(m, x, own);
    m.drop(picked, own, x);
    return sum;
  });
}

function gate(m: Machine, both: Value, rows: number, plan: ExpertsPlan): Value {
  return m.call(() => {
    const half = rows * plan.width;
    if (plan.activation === "clamped_glu") {
      const [own, other] = [slice(m, both, half), slice(m, both, half)];
      return clampedGate(m, own, other, "expert product");
    }
    const [first, up] = split(m, both, [half, half]) as [Value, Value];
    const active = activation(m, first, plan.activation, "expert activation");
    return multiply(m, active, up, "expert product");
  });
}

const OUTPUT = "output of experts' products";

/** Rows times an expert's matrix, or all experts' at once. */
function times(
  m: Machine,
  x: Value,
  rows: number,
  matrix: Matrix,
  [width, out]: readonly [width: number, out: number],
  { code }: ExpertsPlan,
): Value {
  const sizes = { name: "experts", in: width, out, bias: null };
  if (typeof matrix !== "function") {
    return linear(m, x, rows, { ...sizes, weight: matrix }, OUTPUT);
  }
  const whole = matrix();
  if (code === "grouped") {
    const result = groupedProduct(m, x, rows, sizes, whole, OUTPUT);
    m.drop(whole);
    return result;
  }
  // A slice's gradient is as large as the whole, of zeros but for itself.
  const own = slice(m, whole, width * out);
  const result = product(m, x, rows, sizes, own, OUTPUT);
  m.drop(own, whole);
  return result;
}
