import { DTYPE_BYTES } from "../dtype.ts";
import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";
import { cast, copied, multiply, shifted } from "./arithmetic.ts";

/**
 * A tensor rounded to so many scales' steps and back, as torchao does it: in fp32,
 * of which the clamp saves its input. The scales stand in the layer's module.
 *
 * Source: pytorch/ao 0.18 torchao/quantization/quant_primitives.py,
 * _do_fake_quantize_affine; qat/fake_quantizer.py, IntxFakeQuantizer
 */
export function fakeQuantised(
  m: Machine,
  x: Value,
  scales: number,
  label: string,
): Value {
  const inverse = m.create(scales, "fp32", `inverse scales of ${label}`);
  const divided = multiply(m, x, inverse, `${label} in steps`);
  m.drop(inverse);
  const round = copied(m, divided, `${label} in whole steps`);
  m.drop(divided);
  const offset = shifted(m, round, `${label} with its zero points`);
  m.drop(round);
  const within = clamped(m, offset, `${label} in range`);
  m.drop(offset);
  const narrow = cast(m, within, x.dtype, `${label} in range`);
  const zeros = m.create(scales, x.dtype, `zero points of ${label}`);
  const centred = shifted(m, narrow, `${label} without its zero points`);
  m.drop(zeros, narrow);
  const scale = m.external(scales, "fp32", `scales of ${label}`, null);
  const wide = multiply(m, centred, scale, `${label} in fp32`);
  m.drop(centred);
  const rounded = cast(m, wide, x.dtype, `${label}, rounded`);
  m.drop(wide, within);
  return rounded;
}

/** Values between two bounds: what was outside has no gradient. */
function clamped(m: Machine, x: Value, label: string): Value {
  const { elements, dtype, source } = x;
  const node = m.record([x], [x], () => {
    const bytes = elements * DTYPE_BYTES.uint8;
    return m.temporary(
      bytes,
      `${label}, from below`,
      () =>
        m.temporary(bytes, `${label}, from above`, () => [
          m.grad(source, elements, dtype, `gradient of ${label}`),
        ]),
    );
  });
  return m.create(elements, dtype, label, node && { node, slot: 0 });
}
