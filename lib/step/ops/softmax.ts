import type { Machine, Value } from "../machine.ts";
import { cast } from "./arithmetic.ts";

/**
 * softmax, which saves what it gave; in fp32 where told, or under autocast. One
 * kernel widens fp16; bf16 is cast before.
 *
 * Source: pytorch aten/src/ATen/native/SoftMax.cpp, softmax
 */
export function softmax(
  m: Machine,
  x: Value,
  wide: boolean,
  label: string,
): Value {
  const dtype = wide || m.autocast ? "fp32" : x.dtype;
  if (dtype === x.dtype || x.dtype === "fp16") {
    return kernel(m, x, dtype, label);
  }
  return m.call(() => {
    const input = cast(m, x, dtype, `input of ${label} in fp32`);
    return kernel(m, input, dtype, label);
  });
}

function kernel(
  m: Machine,
  x: Value,
  dtype: Value["dtype"],
  label: string,
): Value {
  const out = m.create(x.elements, dtype, label);
  const node = m.record([x], [out], () => [
    m.grad(x.source, x.elements, x.dtype, `gradient of ${label}`),
  ]);
  out.source = node && { node, slot: 0 };
  return out;
}
