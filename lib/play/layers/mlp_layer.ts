import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import type { ActivationKind } from "../torch/ops/activations.ts";
import { activation } from "../torch/ops/activations.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import {
  add,
  mean,
  multiply,
  savingOutput,
  scaled,
  split,
} from "../torch/ops/arithmetic.ts";
import { tiled } from "./tiled.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import type { Slopes } from "../torch/ops/xielu.ts";
import { xielu } from "../torch/ops/xielu.ts";
import { dropout } from "../torch/ops/dropout.ts";

/** A feed-forward network: gated in two projections or one, or plain. */
export interface MlpPlan {
  readonly up: AdaptedLinear;
  /** "fused" where `up` gives gate and up side by side. */
  readonly gate: AdaptedLinear | "fused" | null;
  readonly down: AdaptedLinear;
  /** Of what `down` reads: BitNet. */
  readonly norm?: Norm | null;
  readonly activation: ActivationKind;
  /** The activation's own numbers, where it is an xIELU: Apertus. */
  readonly slopes?: Slopes | null;
  /** Whether gates are cut off below a share of each row's: Gemma 3n. */
  readonly cutsGate?: boolean;
  /** Whether one compiled kernel does the gate's activation and the product. */
  readonly compiled: boolean;
  /** Whether Liger's kernel does both, and writes gradients over what it saved. */
  readonly gateInPlace?: boolean;
  /** Whether `up` runs before the gate's activation: LitGPT. */
  readonly upFirst: boolean;
  /** Whether the layer's own code runs it, over one variable: OPT. */
  readonly isInline?: boolean;
  /** Whether the gate and what the network gives are multiplied: Falcon-H1. */
  readonly isMultiplied?: boolean;
  /** Tiles of the tokens that it runs one after the other; null: all at once. */
  readonly tiles?: number | null;
  /** Of what the last projection reads; none where it is left out. */
  readonly dropout?: number;
}

/** The feed-forward network of so many rows. */
export function mlpLayer(
  m: Machine,
  x: Value,
  rows: number,
  plan: MlpPlan,
): Value {
  return m.within(
    "MLP activations",
    () => {
      const whole = (own: Value, count: number) =>
        m.call(() => {
          const inner = activated(m, own, count, plan);
          const out = adaptedLinear(m, inner, count, plan.down);
          return plan.isMultiplied ? times(m, out, "MLP output") : out;
        });
      return plan.tiles ? tiled(m, x, rows, plan.tiles, whole) : whole(x, rows);
    },
  );
}

/** x times a number; x itself is gone. */
function times(m: Machine, x: Value, label: string): Value {
  const out = scaled(m, x, `multiplied ${label}`);
  m.drop(x);
  return out;
}

/** What the network's last projection reads. */
export function activated(
  m: Machine,
  x: Value,
  rows: number,
  plan: MlpPlan,
): Value {
  const active = plan.gate === null
    ? plain(m, x, rows, plan)
    : gated(m, x, rows, plan, plan.gate);
  const inner = plan.norm
    ? norm(m, active, rows, plan.norm, "MLP product")
    : active;
  if (inner !== active) m.drop(active);
  if (!plan.dropout) return inner;
  const dropped = dropout(m, inner, plan.dropout, "MLP");
  m.drop(inner);
  return dropped;
}

function plain(m: Machine, x: Value, rows: number, plan: MlpPlan): Value {
  const up = adaptedLinear(m, x, rows, plan.up, "MLP up");
  if (plan.isInline) m.drop(x);
  const label = "MLP activation";
  const active = plan.slopes
    ? xielu(m, up, plan.slopes, label)
    : activation(m, up, plan.activation, label);
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
  const kernel = plan.compiled
    ? gatedKernel
    : plan.gateInPlace
    ? gatedInPlace
    : null;
  return m.call(() => {
    if (own === "fused") {
      const both = adaptedLinear(m, x, rows, plan.up, "MLP gate and up");
      const half = both.elements / 2;
      const [gate, up] = split(m, both, [half, half]) as [Value, Value];
      m.drop(both);
      if (kernel) return kernel(m, gate, up);
      const active = activation(m, gate, plan.activation, "MLP activation");
      return multiply(m, up, active, "MLP product");
    }
    const whole = adaptedLinear(m, x, rows, own, "MLP gate");
    const gate = plan.cutsGate ? cutGate(m, whole, rows) : whole;
    const early = plan.upFirst || kernel
      ? adaptedLinear(m, x, rows, plan.up, "MLP up")
      : null;
    if (early && kernel) return kernel(m, gate, early);
    const read = plan.isMultiplied ? times(m, gate, "MLP gate") : gate;
    const active = activation(m, read, plan.activation, "MLP activation");
    if (!plan.upFirst || plan.isMultiplied) m.drop(read);
    const up = early ?? adaptedLinear(m, x, rows, plan.up, "MLP up");
    return multiply(m, active, up, "MLP product");
  });
}

/**
 * Gates less a threshold of each row, where that is not below nought.
 *
 * Source: huggingface/transformers models/gemma3n/modeling_gemma3n.py,
 * Gemma3nTextMLP._gaussian_topk
 */
function cutGate(m: Machine, x: Value, rows: number): Value {
  const out = m.call(() => {
    const middle = mean(m, x, rows, "mean of gates");
    const { elements, dtype, source } = x;
    const width = m.create(rows, dtype, "deviation of gates");
    const node = m.record([x], [x, width], () => [
      m.grad(source, elements, dtype, "gradient of the deviation"),
    ]);
    width.source = node && { node, slot: 0 };
    const times = scaled(m, width, "scaled deviation");
    const threshold = add(m, middle, times, "threshold");
    m.drop(times);
    const less = add(m, x, threshold, "gates less their threshold");
    return savingOutput(m, less, "gates above their threshold");
  });
  m.drop(x);
  return out;
}

/** act(gate) × up as inductor fuses them: both are saved, the activation is not. */
function gatedKernel(m: Machine, gate: Value, up: Value): Value {
  const node = m.record(
    [gate, up],
    [gate, up],
    () =>
      [gate, up].map(({ source, elements, dtype }) =>
        source && m.grad(source, elements, dtype, "gradient of gate and up")
      ),
  );
  return m.create(
    gate.elements,
    gate.dtype,
    "MLP product",
    node && { node, slot: 0 },
  );
}

/**
 * The same by Liger: the gradients are written over gate and up.
 *
 * Source: linkedin/Liger-Kernel ops/swiglu.py, swiglu_backward
 */
function gatedInPlace(m: Machine, gate: Value, up: Value): Value {
  const node = m.record(
    [gate, up],
    [gate, up],
    () =>
      [gate, up].map(({ source, storage, elements, dtype }) => {
        if (!source) return null;
        m.tape.retain(storage);
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
