import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";
import { cast } from "./arithmetic.ts";

/**
 * softmax, which saves what it gave; in fp32 where told, or under autocast. One
 * kernel reads fp16 and gives fp32; bf16 is cast first.
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
  return m.call(() => {
    const read = x.dtype === "fp16"
      ? m.view(x)
      : cast(m, x, dtype, `${label} input in fp32`);
    const out = m.create(x.elements, dtype, label);
    const node = m.record([read], [out], () => [
      m.grad(
        read.source,
        read.elements,
        read.dtype,
        `gradient of ${label}`,
      ),
    ]);
    out.source = node && { node, slot: 0 };
    return out;
  });
}
