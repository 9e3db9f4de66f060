import { namedFormat } from "../../scenario/weight_format.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { FLOAT_BYTES } from "../../models/weight_bytes.ts";

/** Bytes of a parameter by the program's table of data types. */
const QUANTIZED: Readonly<Record<string, number>> = {
  fp8: 1,
  int8: 1,
  int4: 0.5,
  mxfp4: 0.5,
  nvfp4: 0.5,
};

/**
 * Bytes of a parameter with its share of the block's scale, where the format has
 * blocks that the table of data types forgets: MXFP4 shares one 8-bit exponent
 * among 32 (OCP Microscaling Formats 1.0), NVFP4 one FP8 scale among 16 (NVIDIA's
 * definition, its scale of the whole tensor left out).
 */
const WITH_SCALES: Readonly<Record<string, number>> = {
  mxfp4: 0.5 + 1 / 32,
  nvfp4: 0.5 + 1 / 16,
};

/**
 * Bytes of a parameter with the scales of its block.
 *
 * @returns Null where the data type has none that are known.
 */
export function bytesWithScales(type: string): number | null {
  return WITH_SCALES[type] ?? null;
}

/** Bytes of a parameter as the program counts; null where it has no such type. */
export function ruleBytes(
  { precision, quantization }: Scenario,
): number | null {
  const format = namedFormat({ quantization });
  return format === "none"
    ? FLOAT_BYTES[precision.weights]
    : QUANTIZED[format] ?? null;
}
