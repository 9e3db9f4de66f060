import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import {
  multiply,
  savingInput,
  split,
} from "../../play/torch/ops/arithmetic.ts";
import { columnParallel, rowParallel } from "./linear.ts";
import { recomputed } from "./recompute.ts";
import type { MlpPart, Shares } from "./shares.ts";

/**
 * An MLP, whose activation is one compiled kernel.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/transformer/mlp.py,
 * MLP.forward
 */
export function mlp(
  m: Machine,
  x: Value,
  part: MlpPart,
  shares: Shares,
): Value {
  const run = (input: Value): Value =>
    m.call(() => {
      const inner = columnParallel(m, input, part.fc1, shares, "fc1 output");
      const elements = inner.elements * part.fc2.in / part.fc1.out;
      const active = shares.code === "core"
        ? compiledActivation(m, inner, elements, null)
        : eagerActivation(m, inner, elements);
      m.drop(inner);
      return rowParallel(m, active, part.fc2, shares, "fc2 output");
    });
  return m.within(
    "MLP activations",
    () => shares.recomputed.has("mlp") ? recomputed(m, [x], run) : run(x),
  );
}

/**
 * The activation, with the gate's product where there is one and the rows' weights
 * where experts are weighted: it keeps what it read.
 *
 * Source: megatron/core/fusions/fused_bias_swiglu.py, SwiGLUFunction,
 * WeightedSwiGLUFunction
 */
export function compiledActivation(
  m: Machine,
  x: Value,
  elements: number,
  weights: Value | null,
): Value {
  const node = m.record([x, weights], [x, weights], () => [
    m.grad(x.source, x.elements, x.dtype, "gradient of the activation"),
    weights?.source
      ? m.grad(
        weights.source,
        weights.elements,
        weights.dtype,
        "gradient of the rows' weights",
      )
      : null,
  ]);
  const source = node && { node, slot: 0 };
  return m.create(elements, x.dtype, "activation output", source);
}

/**
 * The gate's activation times up, or an activation alone, operation by operation.
 *
 * Source: deepspeedai/Megatron-DeepSpeed megatron/model/transformer.py, ParallelMLP
 */
function eagerActivation(m: Machine, x: Value, elements: number): Value {
  if (elements === x.elements) return savingInput(m, x, "activation output");
  return m.call(() => {
    const [gate, up] = split(m, x, [elements, elements]) as [Value, Value];
    const active = savingInput(m, gate, "activated gate");
    return multiply(m, active, up, "activation output");
  });
}
