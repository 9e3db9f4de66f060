import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";

/**
 * The lesser or the greater of each element and a number, which saves x.
 *
 * Source: pytorch tools/autograd/derivatives.yaml, minimum and maximum
 */
export function bounded(m: Machine, x: Value, label: string): Value {
  const { elements, dtype } = x;
  const node = m.record([x], [x], () => {
    // One expression, whose temporaries live to its end.
    const ties = m.grad(null, elements, "uint8", "ties");
    const half = m.grad(null, elements, dtype, "half of a gradient");
    const given = m.grad(x.source, elements, dtype, `gradient of ${label}`);
    const beyond = m.grad(null, elements, "uint8", "elements beyond");
    for (const part of [ties, half, beyond]) m.free(part);
    return [given];
  });
  return m.create(elements, dtype, label, node && { node, slot: 0 });
}
