import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import type { ActivationKind } from "../torch/ops/activations.ts";
import { activation } from "../torch/ops/activations.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { add, multiply } from "../torch/ops/arithmetic.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";

/** How a layer brings in the input that each token has for it alone. */
export interface OwnInputsPlan {
  readonly gate: AdaptedLinear;
  readonly projection: AdaptedLinear;
  readonly norm: Norm;
  readonly activation: ActivationKind;
}

/**
 * Hidden states with the layer's own inputs added; the caller holds both.
 *
 * Source: huggingface/transformers models/gemma4/modeling_gemma4.py,
 * Gemma4TextDecoderLayer.forward
 */
export function withOwnInputs(
  m: Machine,
  x: Value,
  inputs: Value,
  rows: number,
  plan: OwnInputsPlan,
): Value {
  const brought = broughtIn(m, x, inputs, rows, plan);
  const sum = add(m, x, brought, "residual stream");
  m.drop(brought);
  return sum;
}

/** What the layer's own inputs give, before it is added. */
export function broughtIn(
  m: Machine,
  x: Value,
  inputs: Value,
  rows: number,
  plan: OwnInputsPlan,
): Value {
  return m.within("MLP activations", () =>
    m.call(() => {
      const gate = adaptedLinear(m, x, rows, plan.gate, "gate of own inputs");
      const active = activation(m, gate, plan.activation, "active gate");
      m.drop(gate);
      const gated = multiply(m, active, inputs, "gated own inputs");
      m.drop(active);
      const wide = adaptedLinear(m, gated, rows, plan.projection);
      m.drop(gated);
      const normed = norm(m, wide, rows, plan.norm, "own inputs' norm");
      m.drop(wide);
      return normed;
    }));
}
