import type { Machine, Parameter, Value } from "../machine.ts";
import { add, cast, copied, multiply, scaled, shifted } from "./arithmetic.ts";
import { dropout } from "./dropout.ts";
import type { Linear } from "./linear.ts";
import { linear } from "./linear.ts";

/** LoRA's two matrices beside a linear layer. */
export interface Adapter {
  readonly rank: number;
  readonly a: Parameter;
  readonly b: Parameter;
  /** DoRA's magnitudes. */
  readonly magnitude: Parameter | null;
  readonly dropout: number;
  /** Whether a packed layer's result is copied before the adapter's is added. */
  readonly clonesBase: boolean;
  /**
   * Whether beside a packed layer autocast alone casts the adapter's input: PEFT's
   * layers for quantised ones cast it only without autocast.
   */
  readonly leavesInput: boolean;
}

/** A linear layer, with its adapter where it has one. */
export interface AdaptedLinear extends Linear {
  readonly adapter: Adapter | null;
}

/**
 * A linear layer as PEFT wraps it: the input is cast to the adapter's type, the
 * adapter's result is scaled and added.
 *
 * Source: huggingface/peft src/peft/tuners/lora/layer.py, Linear.forward; bnb.py,
 * Linear4bit.forward, which clones the base's result first.
 */
export function adaptedLinear(
  m: Machine,
  x: Value,
  rows: number,
  layer: AdaptedLinear,
  label?: string,
): Value {
  const { adapter, name } = layer;
  if (!adapter) return linear(m, x, rows, layer, label);
  return m.call(() => {
    let base = linear(m, x, rows, layer, label);
    if (!("trains" in layer.weight) && adapter.clonesBase) {
      const clone = copied(m, base, `clone of ${name}`);
      m.drop(base);
      base = clone;
    }
    const sum = m.within("adapter activations", () => {
      const added = m.call(() => lowRank(m, x, rows, layer, adapter, base));
      const result = add(m, base, added, `output of ${name} with adapter`);
      m.drop(base, added);
      return result;
    });
    return cast(m, sum, base.dtype, label ?? `output of ${name}`);
  });
}

function lowRank(
  m: Machine,
  x: Value,
  rows: number,
  layer: Linear,
  adapter: Adapter,
  base: Value,
): Value {
  const { name } = layer;
  const { rank, a, b } = adapter;
  const leaves = adapter.leavesInput && !("trains" in layer.weight);
  const input = m.autocast && leaves
    ? m.view(x)
    : cast(m, x, a.dtype, `${name} adapter input`);
  const dropped = dropout(m, input, adapter.dropout, `${name} adapter input`);
  const narrow = linear(
    m,
    dropped,
    rows,
    { name: `${name} A`, in: layer.in, out: rank, weight: a, bias: null },
  );
  m.drop(dropped);
  const wide = linear(
    m,
    narrow,
    rows,
    { name: `${name} B`, in: rank, out: layer.out, weight: b, bias: null },
  );
  m.drop(narrow);
  const added = scaled(m, wide, `${name} adapter output`);
  m.drop(wide);
  if (!adapter.magnitude) return added;
  return withMagnitude(m, added, base, layer, adapter.magnitude);
}

/**
 * DoRA: (magnitude / norm − 1) × base + magnitude / norm × adapter.
 *
 * Source: huggingface/peft src/peft/tuners/lora/dora.py, DoraLinearLayer.forward:
 * the norm of the merged weight is computed anew, from an identity matrix.
 */
function withMagnitude(
  m: Machine,
  added: Value,
  base: Value,
  layer: Linear,
  magnitude: Parameter,
): Value {
  const size = layer.in * layer.out;
  const recording = m.recording;
  m.recording = false;
  const norm = m.call(() => {
    const identity = m.create(layer.in ** 2, magnitude.dtype, "identity");
    const merged = m.create(size, magnitude.dtype, "adapter's weight");
    m.drop(identity);
    const scaledMerge = scaled(m, merged, "scaled adapter's weight");
    const sum = m.create(size, magnitude.dtype, "merged weight");
    m.drop(merged, scaledMerge, sum);
    return m.create(layer.out, magnitude.dtype, "norm of the merged weight");
  });
  m.recording = recording;
  const scale = multiply(
    m,
    m.parameter(magnitude),
    norm,
    "magnitude by norm",
  );
  const less = shifted(m, scale, "magnitude by norm, less 1");
  const rest = multiply(m, less, base, `${layer.name} base, rescaled`);
  m.drop(less);
  const share = multiply(m, scale, added, `${layer.name} adapter, rescaled`);
  return add(m, rest, share, `${layer.name} DoRA output`);
}
