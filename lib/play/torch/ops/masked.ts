import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";

/** A copy with some rows nought; its gradient is another. */
export function masked(
  m: Machine,
  x: Value,
  mask: Value,
  label: string,
): Value {
  const node = m.record([x], [mask], () => [
    m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`),
  ]);
  return m.create(x.elements, x.dtype, label, node && { node, slot: 0 });
}

/** The same in place. */
export function maskedInPlace(m: Machine, x: Value, mask: Value): Value {
  const node = m.record([x], [mask], () => [
    m.grad(x.source, x.elements, x.dtype, "gradient of masked rows"),
  ]);
  return m.view(x, { source: node && { node, slot: 0 } });
}
