import type { Machine } from "../machine.ts";
import type { Parameter, Value } from "../values.ts";
import type { Linear } from "./linear.ts";
import { savingInput } from "./arithmetic.ts";
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
  /** Whether what goes in and what comes out is clipped: Gemma 4's towers. */
  readonly clips?: boolean;
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
  if (layer.clips) {
    return m.call(() => {
      const own = savingInput(m, x, `clipped input of ${layer.name}`);
      const made = adaptedLinear(
        m,
        own,
        rows,
        { ...layer, clips: false },
        label,
      );
      m.drop(own);
      return savingInput(m, made, label ?? `clipped output of ${layer.name}`);
    });
  }
  return adapter
    ? adapter.join(m, x, rows, layer, adapter, label)
    : linear(m, x, rows, layer, label);
}
