import { piecesOf } from "../formats/pieces.ts";
import { usualPacking } from "../formats/usual_packing.ts";
import type { WeightPacking } from "../formats/weight_packing.ts";
import { packingLike } from "../formats/weight_packing.ts";

/**
 * The bytes of each piece that a quantised matrix [out, in] is stored in while a
 * model trains, the codes first.
 */
export function packedBytes(
  format: string,
  shape: readonly number[],
  groupSize: number,
): number[] {
  const elements = shape.reduce((product, size) => product * size, 1);
  const inputs = shape.at(-1) ?? 1;
  const packing = trainedPacking(format, groupSize);
  return packing === null ? [Math.ceil(elements / 2)] : piecesOf(packing, {
    count: 1,
    outputs: elements / inputs,
    inputs,
  }).map(({ bytes }) => bytes);
}

/** Formats that a trainer holds otherwise than a released checkpoint does. */
const TRAINED: Readonly<Record<string, WeightPacking | null>> = {
  fp8: packingLike({
    layout: "fp8",
    kind: "float",
    bits: 8,
    scales: "tensor",
  }),
  nvfp4: packingLike({ layout: "modelopt", kind: "float", group: 16 }),
  // Whose integers is not said: the codes alone are sure.
  int4: null,
};

function trainedPacking(format: string, group: number): WeightPacking | null {
  if (Object.hasOwn(TRAINED, format)) return TRAINED[format] ?? null;
  return usualPacking(format, { group, byTransformers: true })?.packing ?? null;
}
