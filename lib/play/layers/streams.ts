import type { Machine } from "../torch/machine.ts";
import type { Parameter, Value } from "../torch/values.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import {
  add,
  addedTo,
  cast,
  copied,
  multiply,
  savingInput,
  savingOutput,
  scaled,
  shifted,
  slice,
} from "../torch/ops/arithmetic.ts";
import {
  attentionProduct,
  copiedHeads,
} from "../torch/ops/attention/products.ts";
import { product } from "../torch/ops/linear.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";

/** How a layer's streams predict each other, and are corrected by what one became. */
export interface StreamsPlan {
  readonly count: number;
  readonly routerNorm: Norm;
  readonly router: AdaptedLinear;
  readonly predict: AdaptedLinear;
  readonly correct: AdaptedLinear;
  /** Whether the code clamps the correction's own weight, past any adapter. */
  readonly clamps: boolean;
  /** Multiplies the stream that ran through the layer; null for nothing. */
  readonly outputScale: Parameter | null;
  /** A way around attention through few features. */
  readonly around: {
    readonly left: AdaptedLinear;
    readonly right: AdaptedLinear;
    readonly norm: Norm;
  };
}

/** What each row is routed by: as many numbers as there are streams. */
function modalities(
  m: Machine,
  x: Value,
  rows: number,
  { routerNorm, router }: StreamsPlan,
): Value {
  return m.call(() => {
    const normed = norm(m, x, rows, routerNorm, "router norm");
    const input = scaled(m, normed, "router input");
    m.drop(normed);
    const routed = adaptedLinear(m, input, rows, router, "routed rows");
    const wide = cast(m, routed, "fp32", "routed rows in fp32");
    const bent = savingOutput(m, wide, "tanh of routed rows");
    m.drop(wide);
    return cast(m, bent, x.dtype, "modalities");
  });
}

/**
 * All streams, predicted from each other.
 *
 * Source: huggingface/transformers models/gemma3n/modeling_gemma3n.py,
 * Gemma3nTextAltUp.predict
 */
export function predicted(
  m: Machine,
  x: Value,
  rows: number,
  plan: StreamsPlan,
): Value {
  return m.call(() => {
    const active = slice(m, x, x.elements / plan.count);
    const routed = modalities(m, active, rows, plan);
    const coefficients = adaptedLinear(m, routed, rows, plan.predict);
    const made = attentionProduct(
      m,
      x,
      coefficients,
      x.elements,
      "predicted streams",
    );
    const sum = addedTo(m, made, x);
    m.drop(made);
    const ordered = copied(m, sum, "predicted streams");
    m.drop(sum);
    return cast(m, ordered, x.dtype, "predicted streams");
  });
}

/**
 * All streams, corrected by what the layer made of the first one's prediction.
 *
 * Source: huggingface/transformers models/gemma3n/modeling_gemma3n.py,
 * Gemma3nTextAltUp.correct
 */
export function corrected(
  m: Machine,
  predictions: Value,
  activated: Value,
  rows: number,
  plan: StreamsPlan,
): Value {
  return m.call(() => {
    const routed = modalities(m, activated, rows, plan);
    const active = slice(m, predictions, activated.elements);
    const change = add(m, activated, active, "innovation");
    const repeated = copiedHeads(m, change, plan.count);
    m.drop(change);
    const less = correction(m, routed, rows, plan);
    const coefficients = shifted(m, less, "coefficients of the correction");
    m.drop(less);
    const times = multiply(m, repeated, coefficients, "corrected streams");
    const sum = addedTo(m, times, predictions);
    return cast(m, sum, activated.dtype, "corrected streams");
  });
}

function correction(
  m: Machine,
  routed: Value,
  rows: number,
  { correct, clamps }: StreamsPlan,
): Value {
  const { weight } = correct;
  if (!clamps || !("trains" in weight)) {
    return adaptedLinear(m, routed, rows, correct);
  }
  const own = savingInput(m, m.parameter(weight), "clamped weight");
  return product(m, routed, rows, correct, own, "correction");
}

/** Hidden states with what goes around attention added. */
export function aroundAttention(
  m: Machine,
  x: Value,
  rows: number,
  { around: { left, right, norm: own } }: StreamsPlan,
): Value {
  return m.call(() => {
    const few = adaptedLinear(m, x, rows, left);
    const wide = adaptedLinear(m, few, rows, right);
    m.drop(few);
    const normed = norm(m, wide, rows, own, "norm around attention");
    return add(m, x, normed, "way around attention");
  });
}

/** The first stream, scaled where the code does. */
export function firstStream(
  m: Machine,
  streams: Value,
  { count, outputScale }: StreamsPlan,
): Value {
  return m.call(() => {
    const own = copied(
      m,
      slice(m, streams, streams.elements / count),
      "first stream",
    );
    if (!outputScale) return own;
    const scale = m.parameter(outputScale);
    const typed = cast(m, own, scale.dtype, "first stream");
    const times = multiply(m, typed, scale, "scaled first stream");
    return cast(m, times, streams.dtype, "scaled first stream");
  });
}

/**
 * All streams but the first with something added in place, which is written twice:
 * each time the gradient of all is copied, and that of the part once more.
 *
 * Source: pytorch torch/csrc/autograd/functions/tensor.cpp, CopySlices
 */
export function addedToOthers(
  m: Machine,
  streams: Value,
  x: Value,
  count: number,
): Value {
  const { elements, dtype } = streams;
  const others = elements * (count - 1) / count;
  const node = m.record([streams, x], [], () => {
    const whole = m.grad(null, elements, dtype, "copied gradient of streams");
    for (const label of ["written streams", "streams before"]) {
      m.free(m.grad(null, others, dtype, `gradient of ${label}`));
    }
    const given = streams.source &&
      m.grad(streams.source, elements, dtype, "gradient of streams");
    m.free(whole);
    return [
      given,
      x.source && m.grad(x.source, x.elements, x.dtype, "summed gradient"),
    ];
  });
  return m.view(streams, { source: node && { node, slot: 0 } });
}
