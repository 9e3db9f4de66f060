import type { Machine } from "../machine.ts";
import type { Parameter, Value } from "../values.ts";
import { underAutocast, weightOf } from "./linear.ts";

/** A convolution over one dimension. */
export interface Convolution {
  readonly name: string;
  /** [outputs × inputs × kernel]. */
  readonly weight: Parameter;
  readonly bias: Parameter | null;
}

/**
 * A convolution that gives so many rows: saves its input and its weight. What
 * cuDNN takes inside itself is not counted.
 */
export function convolution(
  m: Machine,
  x: Value,
  rows: number,
  { name, weight, bias }: Convolution,
): Value {
  return m.call(() => {
    const [out = 1] = weight.shape;
    const input = underAutocast(m, x, `${name} input`);
    const [kernel, offset] = [weight, bias].map((parameter) =>
      parameter && weightOf(m, parameter)
    );
    if (!kernel) throw new RangeError(`${name} has no weight`);
    const sides = [input, kernel, offset ?? null];
    const node = m.record(
      sides,
      [input, kernel],
      () =>
        sides.map((side) =>
          side?.source
            ? m.grad(
              side.source,
              side.elements,
              side.dtype,
              `gradient of ${name}`,
            )
            : null
        ),
    );
    return m.create(
      rows * out,
      input.dtype,
      name,
      node && { node, slot: 0 },
    );
  });
}
