import type { Machine } from "../../../play/torch/machine.ts";
import type { ActivationKind } from "../../../play/torch/ops/activations.ts";
import { activation } from "../../../play/torch/ops/activations.ts";
import type { AdaptedLinear } from "../../../play/torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../../../play/torch/ops/adapted_linear.ts";
import { join } from "../../../play/torch/ops/arithmetic.ts";
import type { Value } from "../../../play/torch/values.ts";
import type { ModuleSource } from "../../sight.ts";

/** The linears of a projector by the ends of their paths; null if one is missing. */
export function linearsOf(
  outside: ModuleSource,
  ...ends: readonly string[]
): AdaptedLinear[] | null {
  const found = ends.map((end) =>
    outside.linear(outside.pathOf((name) => name.endsWith(`${end}.weight`)))
  );
  return found.every((each) => each !== null) ? found : null;
}

/** Linears one after the other, an activation between them. */
export function linearsInTurn(
  m: Machine,
  x: Value,
  rows: number,
  linears: readonly AdaptedLinear[],
  kind: ActivationKind = "kernel",
): Value {
  return m.call(() => {
    let current = m.view(x);
    for (const [at, layer] of linears.entries()) {
      if (at > 0) {
        const active = activation(m, current, kind, "projector");
        m.drop(current);
        current = active;
      }
      const next = adaptedLinear(m, current, rows, layer);
      m.drop(current);
      current = next;
    }
    return current;
  });
}

/**
 * Features of all images as one tensor: a copy, while those of each stand in the
 * model's output.
 */
export function joinedFeatures(m: Machine, features: Value): Value {
  m.giveBack(features);
  const joined = join(m, [features], "image features");
  m.drop(features);
  return joined;
}
