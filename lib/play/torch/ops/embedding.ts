import type { Machine } from "../machine.ts";
import type { Parameter, Value } from "../values.ts";

/**
 * Looks rows of a table up; the gradient is a whole table.
 *
 * @param saves Whether their numbers are kept for it, not found again.
 */
export function embedding(
  m: Machine,
  table: Parameter,
  ids: Value,
  rows: number,
  label: string,
  saves = true,
): Value {
  const weight = m.parameter(table);
  const width = table.shape[1] ?? 1;
  const node = m.record(
    [weight],
    saves ? [ids] : [],
    () => [
      weight.source &&
      m.grad(weight.source, table.elements, table.dtype, "embedding gradient"),
    ],
  );
  return m.create(rows * width, table.dtype, label, node && { node, slot: 0 });
}

/** LoRA's two matrices beside a table. */
export interface EmbeddingAdapter {
  readonly rank: number;
  readonly a: Parameter;
  readonly b: Parameter;
  /** The code that adds what they give. */
  readonly join: RowsJoin;
}

/**
 * Adds what an adapter gives to so many rows that were looked up by their ids.
 *
 * @param rescales Whether the table's module multiplies its rows, and so these.
 */
export type RowsJoin = (
  m: Machine,
  looked: Value,
  ids: Value,
  rows: number,
  adapter: EmbeddingAdapter,
  rescales: boolean,
) => Value;
