import type { Dtype } from "../../dtype.ts";
import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import type { Heads } from "./types.ts";
import { underAutocast } from "../linear.ts";

/**
 * Keys or values for every query head: a copy where heads share them, but for a
 * single head, which is repeated without one.
 */
export function repeated(
  m: Machine,
  x: Value,
  { heads, kvHeads }: Heads,
): Value {
  if (heads === kvHeads) return m.view(x);
  if (kvHeads > 1) return copiedHeads(m, x, heads / kvHeads);
  const to = m.autocast ?? x.dtype;
  return to === x.dtype ? m.view(x) : castHeads(m, x, heads, to);
}

/** A single head as autocast hands it on: a cast of all that it is repeated to. */
function castHeads(m: Machine, x: Value, times: number, to: Dtype): Value {
  const { source, elements, dtype } = x;
  const node = m.record([x], [], () => {
    const all = m.grad(null, times * elements, dtype, "gradient of cast heads");
    const sum = m.grad(source, elements, dtype, "gradient of shared heads");
    m.free(all);
    return [sum];
  });
  return m.create(
    times * elements,
    to,
    "cast heads",
    node && { node, slot: 0 },
  );
}

/** Keys or values copied so many times. */
export function copiedHeads(m: Machine, x: Value, times: number): Value {
  const node = m.record(
    [x],
    [],
    () => [m.grad(x.source, x.elements, x.dtype, "gradient of shared heads")],
  );
  return m.create(
    x.elements * times,
    x.dtype,
    "repeated heads",
    node && { node, slot: 0 },
  );
}

/** A batched matrix product, which saves both of its sides. */
export function attentionProduct(
  m: Machine,
  a: Value,
  b: Value,
  elements: number,
  label: string,
): Value {
  return m.call(() => {
    const left = underAutocast(m, a, label);
    const right = underAutocast(m, b, label);
    const node = m.record(
      [left, right],
      [right.source ? left : null, left.source ? right : null],
      () => [
        left.source &&
        m.grad(left.source, left.elements, left.dtype, `gradient of ${label}`),
        right.source &&
        m.grad(
          right.source,
          right.elements,
          right.dtype,
          `gradient of ${label}`,
        ),
      ],
    );
    return m.create(
      elements,
      left.dtype,
      label,
      node && { node, slot: 0 },
    );
  });
}
