import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { adaptedColumns, adaptedRows } from "./adapters.ts";
import { hiddenStates, reduceScattered } from "./exchanged.ts";
import { multiplied } from "./product.ts";
import type { MatrixPart, Shares } from "./shares.ts";
import { tokensOf } from "./shares.ts";

/**
 * x Wᵀ for a matrix whose rows are cut over ranks, with what adapters add. Where
 * ranks share the tokens too, the whole x is gathered into a buffer that all layers
 * use, and gathered again for the backward pass: only the rank's tokens are saved.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/tensor_parallel/layers.py,
 * ColumnParallelLinear.forward
 */
export function columnParallel(
  m: Machine,
  x: Value,
  part: MatrixPart,
  shares: Shares,
  label: string,
): Value {
  const product = multiplied(m, x, tokensOf(shares), part, {
    gathers: shares.splitsTokens,
    isCutByRows: true,
    sums: false,
    label,
    inEightBits: true,
  });
  return adaptedColumns(m, x, product, part, shares, label);
}

/**
 * x Wᵀ for a matrix whose columns are cut over ranks, with what adapters add: each
 * rank has a summand of every token, and keeps the sums of all tokens or of its own.
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
  const summand = multiplied(m, x, tokensOf(shares), part, {
    gathers: false,
    isCutByRows: false,
    sums: !shares.splitsTokens,
    label,
    inEightBits: true,
  });
  if (!shares.splitsTokens) {
    return adaptedRows(m, x, summand, part, shares, label);
  }
  const sum = reduceScattered(m, summand, shares.tp, label, hiddenStates(m));
  m.drop(summand);
  return adaptedRows(m, x, sum, part, shares, label);
}
