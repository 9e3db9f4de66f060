import type { Machine, Parameter, Value } from "../machine.ts";

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
