import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";

/**
 * A copy of rows by an index, which is saved; the gradient is a whole x of zeros,
 * to which the rows' are added.
 */
export function gathered(
  m: Machine,
  x: Value,
  elements: number,
  count: number,
  label: string,
): Value {
  const index = m.create(count, "int64", `places of ${label}`);
  const node = m.record([x], [index], () => [
    m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`),
  ]);
  const out = m.create(
    elements,
    x.dtype,
    label,
    node && { node, slot: 0 },
  );
  m.drop(index);
  return out;
}
