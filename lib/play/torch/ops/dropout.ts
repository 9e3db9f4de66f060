import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";

/** Dropout: saves a mask of one byte an element; nothing where none is dropped. */
export function dropout(
  m: Machine,
  x: Value,
  probability: number,
  label: string,
): Value {
  if (probability === 0) return m.view(x);
  const mask = m.create(x.elements, "uint8", `${label} dropout mask`);
  const node = m.record(
    [x],
    [mask],
    () => [m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`)],
  );
  const out = m.create(
    x.elements,
    x.dtype,
    `${label} after dropout`,
    node && { node, slot: 0 },
  );
  m.drop(mask);
  return out;
}
