import type { Dtype } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Parameter, Value } from "../../play/torch/values.ts";
import {
  add,
  cast,
  multiply,
  scaled,
  shifted,
} from "../../play/torch/ops/arithmetic.ts";
import type { Linear } from "../../play/torch/ops/linear.ts";
import {
  product,
  underAutocast,
  weightOf,
} from "../../play/torch/ops/linear.ts";

/** A linear layer's adapter that has magnitudes. */
export interface Dora {
  readonly rank: number;
  readonly a: Parameter;
  readonly b: Parameter;
  readonly magnitude: Parameter;
  readonly dropout: number;
}

/**
 * DoRA's part of an adapted layer's result, for so many rows:
 * (magnitude / norm − 1) × base + magnitude / norm × adapter × scaling.
 *
 * Source: huggingface/peft 0.21.2 src/peft/tuners/lora/dora.py,
 * DoraLinearLayer.forward; variants.py, DoraLinearVariant.forward: with dropout the
 * base's result is computed anew, of what dropout left of the input.
 *
 * @param x What the adapter reads.
 * @param base The layer's own result.
 * @param lowRank Makes the adapter's product.
 */
export function dora(
  m: Machine,
  x: Value,
  rows: number,
  layer: Linear,
  own: Dora,
  base: Value,
  lowRank: () => Value,
): Value {
  return m.call(() => {
    const { name, bias } = layer;
    const update = updateOf(m, layer, own, x.dtype);
    const weight = baseWeight(m, layer, x.dtype);
    const norm = normOf(m, layer, own, x.dtype);
    const scale = multiply(
      m,
      m.parameter(own.magnitude),
      norm,
      "magnitude by norm",
    );
    const added = lowRank();
    const kept = own.dropout > 0
      ? product(m, x, rows, layer, weight, `${name} base`)
      : bias
      ? shifted(m, base, `${name} base without bias`)
      : m.view(base);
    const less = shifted(m, scale, "magnitude by norm, less 1");
    const rest = multiply(m, less, kept, `${name} base, rescaled`);
    m.drop(less);
    const share = multiply(m, scale, added, `${name} adapter, rescaled`);
    const times = scaled(m, share, `${name} adapter, scaled`);
    m.drop(share);
    const sum = add(m, rest, times, `${name} DoRA output`);
    m.drop(rest, times, update, weight);
    return sum;
  });
}

/**
 * B A as the layers make it of an identity matrix. Its graph stands as long as it,
 * though no gradient goes back through it.
 */
function updateOf(
  m: Machine,
  { in: width, out }: Linear,
  { rank, a, b, magnitude }: Dora,
  dtype: Dtype,
): Value {
  const { recording } = m;
  const identity = m.create(width ** 2, magnitude.dtype, "identity");
  weightOf(m, a);
  const read = underAutocast(m, identity, "identity");
  const narrow = m.create(width * rank, read.dtype, "identity by A");
  if (!recording) m.drop(read);
  weightOf(m, b);
  const wide = m.create(width * out, read.dtype, "adapter's weight");
  if (!recording) m.drop(narrow);
  m.drop(identity);
  const update = cast(m, wide, dtype, "adapter's weight");
  m.drop(wide);
  return update;
}

/** The layer's weight in the adapter's type: a copy where it has another. */
function baseWeight(m: Machine, { weight }: Linear, dtype: Dtype): Value {
  if ("trains" in weight) {
    return cast(m, m.parameter(weight), dtype, "weight for the adapter");
  }
  const { elements, compute } = weight;
  return m.within("dequantised weights", () => {
    const made = m.create(elements, compute, "weight for the adapter");
    const own = cast(m, made, dtype, "weight for the adapter");
    m.drop(made);
    return own;
  });
}

/** The norm of each row of weight and update, which no gradient passes. */
function normOf(
  m: Machine,
  { in: width, out }: Linear,
  { magnitude }: Dora,
  dtype: Dtype,
): Value {
  const times = m.create(width * out, dtype, "scaled adapter's weight");
  const merged = m.create(width * out, dtype, "merged weight");
  m.drop(times);
  const norm = m.create(out, magnitude.dtype, "norm of the merged weight");
  m.drop(merged);
  return norm;
}
