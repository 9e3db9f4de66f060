import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import { add, join, scaled } from "../../play/torch/ops/arithmetic.ts";
import { dropout } from "../../play/torch/ops/dropout.ts";
import type { Value } from "../../play/torch/values.ts";
import { gatheredByFeature, gatheredTokens } from "./exchanged.ts";
import { multiplied } from "./product.ts";
import type { AdapterPart, MatrixPart, Shares } from "./shares.ts";
import { tokensOf } from "./shares.ts";

/*
 * LoRA as Megatron-Bridge adds it: two matrices beside each that is adapted, in the
 * model's own type. Their ranks never share tokens: what is shared is gathered for
 * them, and that copy is saved.
 *
 * Sources: NVIDIA-NeMo/Megatron-Bridge src/megatron/bridge/peft/utils.py,
 * ParallelLinearAdapter; lora_layers.py, LoRALinear; canonical_lora.py,
 * LoRALinearSplitQKV
 */

/** What a matrix gives that is cut by rows, and what its adapters do. */
export function adaptedColumns(
  m: Machine,
  x: Value,
  product: Value,
  part: MatrixPart,
  shares: Shares,
  label: string,
): Value {
  const rows = tokensOf(shares);
  return withAdapters(m, product, part, label, (adapter) => {
    const dropped = dropout(m, x, adapter.dropout, adapter.name);
    const whole = shares.splitsTokens
      ? gatheredTokens(m, dropped, shares.tp, `input of ${adapter.name}`)
      : dropped;
    if (whole !== dropped) m.drop(dropped);
    return throughColumns(m, whole, rows, adapter, {
      tp: shares.tp,
      sums: !shares.splitsTokens,
      sumsBetween: true,
    });
  });
}

/** What a matrix gives that is cut by columns, and what its adapters do. */
export function adaptedRows(
  m: Machine,
  x: Value,
  product: Value,
  part: MatrixPart,
  shares: Shares,
  label: string,
): Value {
  const rows = tokensOf(shares);
  return withAdapters(m, product, part, label, (adapter) => {
    const dropped = dropout(m, x, adapter.dropout, adapter.name);
    const wide = throughRows(m, dropped, rows, adapter, {
      tp: shares.tp,
      sums: true,
      sumsBetween: true,
    });
    if (!shares.splitsTokens) return wide;
    // Its own tokens are a view of all of them.
    const own = ownOf(m, wide, shares.tp);
    m.drop(wide);
    return own;
  });
}

/**
 * What all experts of a rank give: they have one adapter together.
 *
 * @param ranks Those that an expert's matrices are cut over.
 */
export function adaptedExperts(
  m: Machine,
  x: Value,
  product: Value,
  rows: number,
  part: MatrixPart,
  { ranks, isCutByRows, label }: {
    readonly ranks: number;
    readonly isCutByRows: boolean;
    readonly label: string;
  },
): Value {
  return withAdapters(m, product, part, label, (adapter) => {
    const dropped = dropout(m, x, adapter.dropout, adapter.name);
    const how = { tp: ranks, sums: false, sumsBetween: false };
    return isCutByRows
      ? throughColumns(m, dropped, rows, adapter, how)
      : throughRows(m, dropped, rows, adapter, how);
  });
}

/** The product and what each adapter gives, side by side where they are several. */
function withAdapters(
  m: Machine,
  product: Value,
  { name, adapters }: MatrixPart,
  label: string,
  deltaOf: (adapter: AdapterPart) => Value,
): Value {
  if (adapters.length === 0) return product;
  const sum = m.within("adapter activations", () =>
    m.call(() => {
      const deltas = adapters.map((adapter) =>
        m.call(() => scaled(m, deltaOf(adapter), `scaled ${adapter.name}`))
      );
      const [one] = deltas;
      const added = deltas.length > 1 || !one
        ? join(m, deltas, `adapters of ${name}`)
        : one;
      return add(m, product, added, label);
    }));
  m.drop(product);
  return sum;
}

/** How an adapter's matrices are cut. */
interface AdapterCut {
  readonly tp: number;
  /** Whether ranks sum what A gives, or its input's gradients. */
  readonly sums: boolean;
  /** Whether they sum the gradients of what B reads. */
  readonly sumsBetween: boolean;
}

/** A is cut by rows, and its outputs are gathered; B is cut as its matrix is. Drops x. */
function throughColumns(
  m: Machine,
  x: Value,
  rows: number,
  { a, b, name }: AdapterPart,
  { tp, sums, sumsBetween }: AdapterCut,
): Value {
  const own = multiplied(m, x, rows, a, {
    gathers: false,
    isCutByRows: sums,
    sums: false,
    label: `low rank of ${name}`,
  });
  m.drop(x);
  const narrow = tp > 1
    ? gatheredByFeature(m, own, tp, `low rank of ${name}`)
    : own;
  if (narrow !== own) m.drop(own);
  const wide = multiplied(m, narrow, rows, b, {
    gathers: false,
    isCutByRows: sumsBetween,
    sums: false,
    label: `output of ${name}`,
  });
  m.drop(narrow);
  return wide;
}

/** A is cut by columns, and its outputs are summed; B's are gathered. Drops x. */
function throughRows(
  m: Machine,
  x: Value,
  rows: number,
  { a, b, name }: AdapterPart,
  { tp, sums, sumsBetween }: AdapterCut,
): Value {
  const narrow = multiplied(m, x, rows, a, {
    gathers: false,
    isCutByRows: false,
    sums,
    label: `low rank of ${name}`,
  });
  m.drop(x);
  const own = multiplied(m, narrow, rows, b, {
    gathers: false,
    isCutByRows: sumsBetween,
    sums: false,
    label: `output of ${name}`,
  });
  m.drop(narrow);
  if (tp === 1) return own;
  const wide = gatheredByFeature(m, own, tp, `output of ${name}`);
  m.drop(own);
  return wide;
}

/**
 * This rank's tokens of all; their gradient is gathered from all ranks.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1 megatron/core/tensor_parallel/mappings.py,
 * _ScatterToSequenceParallelRegion
 */
function ownOf(m: Machine, x: Value, ranks: number): Value {
  const node = m.record([x], [], () => {
    m.tape.exchange({
      collective: "all-gather",
      group: "tensor",
      bytes: x.elements * DTYPE_BYTES[x.dtype],
      what: "gradients of adapters' outputs",
    });
    return [m.grad(x.source, x.elements, x.dtype, "gathered gradient")];
  });
  return m.view(x, {
    elements: x.elements / ranks,
    source: node && { node, slot: 0 },
  });
}
