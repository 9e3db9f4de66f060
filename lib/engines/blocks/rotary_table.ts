import type { Dtype } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { RotaryTable } from "../../play/torch/ops/rotary.ts";

/** Cosines and sines of positions, which stand before the layers. */
export function rotaryTableOf(
  m: Machine,
  { rotaryRows, rotaryWidth }: {
    readonly rotaryRows: number;
    readonly rotaryWidth: number;
  },
  dtype: Dtype,
): RotaryTable | null {
  if (rotaryWidth === 0) return null;
  const elements = rotaryRows * rotaryWidth;
  return {
    cos: m.external(elements, dtype, "cos", null),
    sin: m.external(elements, dtype, "sin", null),
  };
}
