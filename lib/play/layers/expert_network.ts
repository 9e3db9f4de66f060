import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import { activation } from "../torch/ops/activations.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import {
  add,
  addedTo,
  multiply,
  savingInput,
  savingOutput,
  scaled,
  shifted,
  slice,
  split,
} from "../torch/ops/arithmetic.ts";
import { gathered } from "../torch/ops/gather.ts";
import { groupedProduct, linear, product } from "../torch/ops/linear.ts";
import { masked } from "../torch/ops/masked.ts";
import type {
  ExpertLinears,
  ExpertsPlan,
  Fused,
  Matrix,
} from "./expert_types.ts";

/** The network of an expert with layers of its own: transformers 4. */
export function ownMlp(
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

/**
 * The network of one expert or of all.
 *
 * @param mask Rows of no expert; null where each row has one.
 */
export function fusedMlp(
  m: Machine,
  x: Value,
  rows: number,
  plan: ExpertsPlan,
  gateUp: Matrix,
  down: Matrix,
  mask: Value | null = null,
): Value {
  return m.call(() => {
    const { hidden, width } = plan;
    const inner = plan.gate === "none" ? width : 2 * width;
    const first = biasOf(m, plan.gateUp, rows, inner, plan);
    const both = without(
      m,
      plus(
        m,
        times(m, x, rows, gateUp, [hidden, inner], plan),
        first,
        plan,
      ),
      mask,
    );
    const gated = plan.gate === "clamped"
      ? clampedGate(m, both, rows, plan)
      : plan.gate === "none"
      ? activation(m, both, plan.activation, "expert activation")
      : gate(m, both, rows, plan);
    // One by one, the halves have names of their own until the next expert.
    if (plan.code === "grouped") m.drop(both);
    const second = biasOf(m, plan.down, rows, hidden, plan);
    if (first) m.drop(first);
    const out = times(m, gated, rows, down, [width, hidden], plan);
    return without(m, plus(m, out, second, plan), mask);
  });
}

/** Rows of no expert are made nought, in a copy. */
function without(m: Machine, x: Value, mask: Value | null): Value {
  if (mask === null) return x;
  const out = masked(m, x, mask, OUTPUT);
  m.drop(x);
  return out;
}

/** Each row's bias: picked for all rows at once, or one expert's. */
function biasOf(
  m: Machine,
  { bias }: Fused,
  rows: number,
  width: number,
  { code }: ExpertsPlan,
): Value | null {
  if (!bias) return null;
  const own = m.parameter(bias);
  return code === "grouped"
    ? gathered(m, own, rows * width, rows, "biases of experts")
    : slice(m, own, width);
}

/** A sum with a bias: in place where all experts run at once. */
function plus(
  m: Machine,
  x: Value,
  bias: Value | null,
  { code }: ExpertsPlan,
): Value {
  if (!bias) return x;
  if (code !== "grouped") {
    const sum = add(m, x, bias, "output of experts with bias");
    m.drop(x);
    return sum;
  }
  const sum = addedTo(m, x, bias);
  m.drop(x);
  return sum;
}

/**
 * (up + 1) × gate × sigmoid(alpha × gate), both cut off at a limit.
 *
 * Source: huggingface/transformers models/gpt_oss/modeling_gpt_oss.py,
 * GptOssExperts._apply_gate
 */
function clampedGate(
  m: Machine,
  both: Value,
  rows: number,
  { width }: ExpertsPlan,
): Value {
  return m.call(() => {
    const half = rows * width;
    const [first, second] = [0, 1].map(() => slice(m, both, half)) as [
      Value,
      Value,
    ];
    const own = savingInput(m, first, "gate, cut off");
    const up = savingInput(m, second, "up, cut off");
    const times = scaled(m, own, "gate by alpha");
    const share = savingOutput(m, times, "sigmoid of the gate");
    m.drop(times);
    const glu = multiply(m, own, share, "gated");
    if (m.followsVariables) m.drop(share);
    const more = shifted(m, up, "up and 1");
    return multiply(m, more, glu, "expert product");
  });
}

function gate(m: Machine, both: Value, rows: number, plan: ExpertsPlan): Value {
  return m.call(() => {
    const half = rows * plan.width;
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
  { code, everywhere }: ExpertsPlan,
): Value {
  const sizes = { name: "experts", in: width, out, bias: null };
  if (typeof matrix !== "function") {
    return linear(m, x, rows, { ...sizes, weight: matrix }, OUTPUT);
  }
  const whole = matrix();
  if (everywhere) {
    const result = product(m, x, rows, sizes, whole, OUTPUT);
    m.drop(whole);
    return result;
  }
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
