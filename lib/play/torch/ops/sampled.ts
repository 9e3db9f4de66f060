import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";

/**
 * So many elements between those of x, by a grid of places: saves x; its gradient
 * is a whole x.
 *
 * Source: pytorch tools/autograd/derivatives.yaml, grid_sampler_2d
 */
export function sampledBetween(
  m: Machine,
  x: Value,
  elements: number,
  label: string,
): Value {
  const node = m.record([x], [x], () => [
    m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`),
  ]);
  return m.create(elements, x.dtype, label, node && { node, slot: 0 });
}
