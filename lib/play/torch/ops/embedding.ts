import type { Machine, Parameter, Value } from "../machine.ts";
import { add, cast, scaled } from "./arithmetic.ts";
import { linear } from "./linear.ts";

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
}

/**
 * What a table's adapter adds to so many looked-up rows.
 *
 * Source: huggingface/peft 0.21.2 src/peft/tuners/lora/layer.py, Embedding.forward
 *
 * @param rescales Whether the table's module multiplies its rows, and so these.
 */
export function adaptedRows(
  m: Machine,
  looked: Value,
  ids: Value,
  rows: number,
  { rank, a, b }: EmbeddingAdapter,
  rescales: boolean,
): Value {
  return m.call(() => {
    const table = m.parameter(a);
    const node = m.record([table], [ids], () => {
      // The gradient is of the table turned, and laid out anew.
      const { source, elements, dtype } = table;
      const turned = m.grad(null, elements, dtype, "embedding gradient");
      const given = m.grad(source, elements, dtype, "embedding gradient");
      m.free(turned);
      return [given];
    });
    const narrow = m.create(
      rows * rank,
      a.dtype,
      "rows of the adapter",
      node && { node, slot: 0 },
    );
    const sizes = { in: rank, out: looked.elements / rows, bias: null };
    const wide = linear(
      m,
      narrow,
      rows,
      { name: "embedding B", ...sizes, weight: b },
    );
    let added = scaled(m, wide, "adapter's rows");
    m.drop(wide);
    if (rescales) {
      const again = scaled(m, added, "adapter's rows, scaled");
      m.drop(added);
      added = again;
    }
    const sum = add(m, looked, added, "embeddings with adapter");
    return cast(m, sum, looked.dtype, "embeddings with adapter");
  });
}
