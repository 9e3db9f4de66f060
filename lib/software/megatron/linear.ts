import type { Machine } from "../../play/torch/machine.ts";
import type { Grad, Value } from "../../play/torch/values.ts";
import { scaled } from "../../play/torch/ops/arithmetic.ts";
import type { MatrixPart, Shares } from "./shares.ts";
import { tokensOf } from "./shares.ts";

/**
 * x Wᵀ for a matrix whose rows are cut over ranks. Where ranks share the tokens
 * too, the whole x is gathered into a buffer that all layers use, and gathered
 * again for the backward pass: only the rank's tokens are saved.
 *
 * A fused kernel adds the weight's gradient to the buffer of gradients; autograd is
 * given an empty tensor in its place.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/tensor_parallel/layers.py,
 * LinearWithGradAccumulationAndAsyncCommunication
 */
export function columnParallel(
  m: Machine,
  x: Value,
  part: MatrixPart,
  shares: Shares,
  label: string,
): Value {
  return multiplied(m, x, tokensOf(shares), part, shares.splitsTokens, label);
}

/**
 * x Wᵀ for a matrix whose columns are cut over ranks: each rank has a summand of
 * every token, and keeps the sums of all tokens or of its own.
 *
 * Source: megatron/core/tensor_parallel/layers.py, RowParallelLinear.forward;
 * mappings.py, _ReduceScatterToSequenceParallelRegion
 */
export function rowParallel(
  m: Machine,
  x: Value,
  part: MatrixPart,
  shares: Shares,
  label: string,
): Value {
  const summand = multiplied(m, x, tokensOf(shares), part, false, label);
  if (!shares.splitsTokens) return summand;
  const sum = reduceScattered(m, summand, shares.tp, label);
  m.drop(summand);
  return sum;
}

function multiplied(
  m: Machine,
  x: Value,
  rows: number,
  { name, in: width, out, weight, bias }: MatrixPart,
  gathers: boolean,
  label: string,
): Value {
  const matrix = m.parameter(weight);
  const offset = bias && m.parameter(bias);
  const { dtype } = x;
  const node = m.record(
    [x, matrix, offset],
    [matrix.source ? x : null, x.source ? matrix : null],
    () => {
      const given: (Grad | null)[] = [null, null, null];
      const at = `gradient at the input of ${name}`;
      const whole = x.source && m.grad(null, rows * width, dtype, at);
      given[0] = whole;
      if (whole && gathers) {
        given[0] = m.grad(x.source, x.elements, dtype, at);
      }
      if (matrix.source) {
        given[1] = m.grad(
          matrix.source,
          weight.elements,
          weight.dtype,
          `${name} weight gradient`,
        );
      }
      if (offset?.source) {
        given[2] = m.grad(offset.source, out, dtype, `${name} bias gradient`);
      }
      if (whole && gathers) m.free(whole);
      return given;
    },
  );
  const source = node && { node, slot: 0 };
  if (!offset) return m.create(rows * out, dtype, label, source);
  const product = m.create(rows * out, dtype, label);
  const result = m.create(rows * out, dtype, label, source);
  m.drop(product);
  return result;
}

/** Sums over ranks of which each keeps a part; its gradient is gathered again. */
export function reduceScattered(
  m: Machine,
  x: Value,
  ranks: number,
  label: string,
): Value {
  const node = m.record(
    [x],
    [],
    () => [m.grad(x.source, x.elements, x.dtype, `gathered ${label}`)],
  );
  return m.create(
    x.elements / ranks,
    x.dtype,
    label,
    node && { node, slot: 0 },
  );
}

/** The parts of all ranks in one tensor; its gradient is summed and cut again. */
export function gatheredFrom(
  m: Machine,
  x: Value,
  ranks: number,
  label: string,
): Value {
  const node = m.record(
    [x],
    [],
    () => [m.grad(x.source, x.elements, x.dtype, `scattered ${label}`)],
  );
  return m.create(
    x.elements * ranks,
    x.dtype,
    label,
    node && { node, slot: 0 },
  );
}

/**
 * The features of all ranks, gathered rank by rank and joined; the gradient is cut.
 *
 * Source: megatron/core/tensor_parallel/mappings.py, _gather_along_last_dim
 */
export function gatheredByFeature(
  m: Machine,
  x: Value,
  ranks: number,
  label: string,
): Value {
  const node = m.record([x], [], () => [
    m.grad(x.source, x.elements, x.dtype, `cut gradient of ${label}`),
  ]);
  const all = m.create(x.elements * ranks, x.dtype, label);
  const source = node && { node, slot: 0 };
  const joined = m.create(all.elements, x.dtype, label, source);
  m.drop(all);
  return joined;
}

/** Rows in another order, or on other ranks: a new tensor, as its gradient is. */
export function moved(m: Machine, x: Value, label: string): Value {
  return scaled(m, x, label);
}
