import type { Machine } from "../machine.ts";
import type { Parameter, Value } from "../values.ts";
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
  /** The code that runs layer and adapter. */
  readonly join: AdapterJoin;
}

/** Runs so many rows through a linear layer and the adapter beside it. */
export type AdapterJoin = (
  m: Machine,
  x: Value,
  rows: number,
  layer: Linear,
  adapter: Adapter,
  label?: string,
) => Value;

/** A linear layer, with its adapter where it has one. */
export interface AdaptedLinear extends Linear {
  readonly adapter: Adapter | null;
}

/** What a linear layer gives for so many rows, with its adapter's share. */
export function adaptedLinear(
  m: Machine,
  x: Value,
  rows: number,
  layer: AdaptedLinear,
  label?: string,
): Value {
  const { adapter } = layer;
  return adapter
    ? adapter.join(m, x, rows, layer, adapter, label)
    : linear(m, x, rows, layer, label);
}
