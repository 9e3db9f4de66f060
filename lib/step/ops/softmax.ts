import type { Machine, Value } from "../machine.ts";

/** softmax, which saves what it gave; in fp32 where told, or under autocast. */
export function softmax(
  m: Machine,
  x: Value,
  wide: boolean,
  label: string,
): Value {
  const dtype = wide || m.autocast ? "fp32" : x.dtype;
  const out = m.create(x.elements, dtype, label);
  const node = m.record([x], [out], () => {
    const whole = m.grad(
      dtype === x.dtype ? x.source : null,
      x.elements,
      dtype,
      `gradient of ${label}`,
    );
    if (dtype === x.dtype) return [whole];
    const given = m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`);
    m.free(whole);
    return [given];
  });
  out.source = node && { node, slot: 0 };
  return out;
}
