import type { Machine, Value } from "../machine.ts";
import type { ActivationKind } from "../ops/activations.ts";
import { activation } from "../ops/activations.ts";
import type { AdaptedLinear } from "../ops/adapted_linear.ts";
import { adaptedLinear } from "../ops/adapted_linear.ts";
import { multiply, split } from "../ops/arithmetic.ts";

/** A feed-forward network: gated in two projections or one, or plain. */
export interface MlpPlan {
  readonly up: AdaptedLinear;
  /** "fused" where `up` gives gate and up side by side. */
  readonly gate: AdaptedLinear | "fused" | null;
  readonly down: AdaptedLinear;
  readonly activation: ActivationKind;
  /** Whether one kernel does the gate's activation and the product. */
  readonly fusedKernel: boolean;
}

/** The feed-forward network of so many rows. */
export function mlpLayer(
  m: Machine,
  x: Value,
  rows: number,
  plan: MlpPlan,
): Value {
  return m.within("MLP activations", () =>
    m.call(() => {
      const inner = plan.gate === null
        ? plain(m, x, rows, plan)
        : gated(m, x, rows, plan, plan.gate);
      return adaptedLinear(m, inner, rows, plan.down);
    }));
}

function plain(m: Machine, x: Value, rows: number, plan: MlpPlan): Value {
  const up = adaptedLinear(m, x, rows, plan.up, "MLP up");
  const active = activation(m, up, plan.activation, "MLP activation");
  m.drop(up);
  return active;
}

function gated(
  m: Machine,
  x: Value,
  rows: number,
  plan: MlpPlan,
  own: AdaptedLinear | "fused",
): Value {
  return m.call(() => {
    if (own === "fused") {
      const both = adaptedLinear(m, x, rows, plan.up, "MLP gate and up");
      const half = both.elements / 2;
      const [gate, up] = split(m, both, [half, half]) as [Value, Value];
      m.drop(both);
      const active = activation(m, gate, plan.activation, "MLP activation");
      return multiply(m, up, active, "MLP product");
    }
    const gate = adaptedLinear(m, x, rows, own, "MLP gate");
    if (plan.fusedKernel) {
      const up = adaptedLinear(m, x, rows, plan.up, "MLP up");
      return gatedKernel(m, gate, up);
    }
    const active = activation(m, gate, plan.activation, "MLP activation");
    m.drop(gate);
    const up = adaptedLinear(m, x, rows, plan.up, "MLP up");
    return multiply(m, active, up, "MLP product");
  });
}

/**
 * act(gate) × up in one kernel, which saves both and writes their gradients over
 * them.
 *
 * Source: linkedin/Liger-Kernel ops/swiglu.py
 */
function gatedKernel(m: Machine, gate: Value, up: Value): Value {
  const node = m.record(
    [gate, up],
    [gate, up],
    () =>
      [gate, up].map((input) => {
        if (!input.source) return null;
        m.tape.retain(input.storage);
        const { storage, elements, dtype } = input;
        return { storage, elements, dtype };
      }),
  );
  return m.create(
    gate.elements,
    gate.dtype,
    "MLP product",
    node && { node, slot: 0 },
  );
}
