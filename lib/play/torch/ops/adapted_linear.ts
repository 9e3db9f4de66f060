import type { Machine, Parameter, Value } from "../machine.ts";
import { add, cast, copied, scaled } from "./arithmetic.ts";
import { dora } from "./dora.ts";
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
      const added = m.call(() => addition(m, x, rows, layer, adapter, base));
      const result = add(m, base, added, `output of ${name} with adapter`);
      m.drop(base, added);
      return result;
    });
    // Autocast alone decides on the type beside a packed layer.
    return leavesInput(m, layer, adapter)
      ? sum
      : cast(m, sum, base.dtype, label ?? `output of ${name}`);
  });
}

function leavesInput(
  m: Machine,
  { weight }: Linear,
  adapter: Adapter,
): boolean {
  return m.autocast !== null && adapter.leavesInput && !("trains" in weight);
}

/** What the adapter adds to the layer's own result. */
function addition(
  m: Machine,
  x: Value,
  rows: number,
  layer: Linear,
  adapter: Adapter,
  base: Value,
): Value {
  const { name } = layer;
  const { magnitude } = adapter;
  const input = leavesInput(m, layer, adapter)
    ? m.view(x)
    : cast(m, x, adapter.a.dtype, `${name} adapter input`);
  const dropped = dropout(m, input, adapter.dropout, `${name} adapter input`);
  const product = () => lowRank(m, dropped, rows, layer, adapter);
  if (magnitude) {
    const own = { ...adapter, magnitude };
    return dora(m, dropped, rows, layer, own, base, product);
  }
  const wide = product();
  m.drop(dropped);
  const added = scaled(m, wide, `${name} adapter output`);
  m.drop(wide);
  return added;
}

/** Rows times A, times B. */
function lowRank(
  m: Machine,
  x: Value,
  rows: number,
  { name, in: width, out }: Linear,
  { rank, a, b }: Adapter,
): Value {
  const narrow = linear(
    m,
    x,
    rows,
    { name: `${name} A`, in: width, out: rank, weight: a, bias: null },
  );
  const wide = linear(
    m,
    narrow,
    rows,
    { name: `${name} B`, in: rank, out, weight: b, bias: null },
  );
  m.drop(narrow);
  return wide;
}
