import type { Kernels } from "../../play/torch/kernels.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import {
  add,
  cast,
  join,
  multiply,
  slice,
} from "../../play/torch/ops/arithmetic.ts";
import { fusedRotation } from "../../play/torch/ops/rotary.ts";

/**
 * Turns neighbouring features of a head by its position, in fp32: the table's
 * rows are looked up anew in every call, and are saved.
 *
 * Source: pytorch/torchtune torchtune/modules/position_embeddings.py,
 * RotaryPositionalEmbeddings.forward with input_pos
 */
export function pairwiseRotated(
  m: Machine,
  x: Value,
  rows: number,
  width: number,
  { label, kernels }: { label: string; kernels: Kernels },
): Value {
  if (kernels === "compile") return fusedRotation(m, x, label, kernels);
  return m.call(() => {
    const table = m.create(rows * width, "fp32", "rotary table of the tokens");
    const wide = cast(m, x, "fp32", "rotary input in fp32");
    const [even, odd] = [0, 1].map(() => slice(m, wide, wide.elements / 2)) as [
      Value,
      Value,
    ];
    const turned = [0, 1].map(() =>
      m.call(() => {
        const [cos, sin] = [0, 1].map(() =>
          m.view(table, { elements: table.elements / 2 })
        ) as [Value, Value];
        const a = multiply(m, even, cos, "rotary cosine product");
        const b = multiply(m, odd, sin, "rotary sine product");
        return add(m, a, b, "rotated half");
      })
    );
    const whole = join(m, turned, `${label} in fp32`);
    m.drop(...turned);
    return cast(m, whole, x.dtype, label);
  });
}
