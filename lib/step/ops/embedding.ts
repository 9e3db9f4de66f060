import type { Machine, Parameter, Value } from "../machine.ts";

/** Looks rows of a table up; the gradient is a whole table. */
export function embedding(
  m: Machine,
  table: Parameter,
  ids: Value,
  rows: number,
  label: string,
): Value {
  const weight = m.parameter(table);
  const width = table.shape[1] ?? 1;
  const node = m.record(
    [weight],
    [ids],
    () => [
      weight.source &&
      m.grad(weight.source, table.elements, table.dtype, "embedding gradient"),
    ],
  );
  return m.create(rows * width, table.dtype, label, node && { node, slot: 0 });
}
