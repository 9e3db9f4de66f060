import type { Machine } from "../machine.ts";
import type { Parameter, Value } from "../values.ts";

/** LoRA on a bare parameter: one matrix, or the matrices of all experts. */
export interface ParameterAdapter {
  readonly a: Parameter;
  readonly b: Parameter;
  /** How many matrices the parameter holds. */
  readonly matrices: number;
  /** Whether each is stored [in, out]. */
  readonly isTransposed: boolean;
  /** Whether alpha is the rank: a fold then multiplies by nothing. */
  readonly isUnscaled: boolean;
  /** The code that has the parameter read with its update. */
  readonly join: ParameterJoin;
}

/** What a module reads in place of its parameter. */
export type Read = () => Value;

/** Runs a module while its parameter is read with an adapter's update. */
export type ParameterJoin = (
  m: Machine,
  weight: Parameter,
  adapter: ParameterAdapter,
  body: (read: Read) => Value,
  /** What the parameter is as it is read, where it is packed. */
  restored?: Read,
) => Value;

/**
 * Runs a module that reads one of its parameters, with its adapter's update where
 * it has one.
 */
export function withUpdate(
  m: Machine,
  weight: Parameter,
  adapter: ParameterAdapter | null,
  body: (read: Read) => Value,
): Value {
  return adapter
    ? adapter.join(m, weight, adapter, body)
    : body(() => m.parameter(weight));
}
