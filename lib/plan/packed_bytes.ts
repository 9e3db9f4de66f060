import { bitsandbytesPieces } from "../software/bitsandbytes/pieces.ts";

/**
 * The bytes of each piece that a quantised matrix [out, in] is stored in.
 *
 * Sources: AutoGPTQ/AutoAWQ's QuantLinear, whose zeros are packed like the weights
 * and whose scales have 16 bits; HQQ's Quantizer.
 */
export function packedBytes(
  format: string,
  shape: readonly number[],
  groupSize: number,
): number[] {
  const elements = shape.reduce((product, size) => product * size, 1);
  const width = shape.at(-1) ?? 1;
  const rows = elements / width;
  const groups = groupSize === -1 ? 1 : Math.ceil(width / groupSize);
  const half = Math.ceil(elements / 2);
  const pieces = bitsandbytesPieces(format, elements, rows);
  if (pieces) return pieces;
  switch (format) {
    case "fp8":
      return [elements, 4];
    case "gptq-int4":
      return [
        half,
        2 * groups * rows,
        Math.ceil(groups * rows / 2),
        4 * width,
      ];
    case "gptq-int8":
      return [elements, 2 * groups * rows, groups * rows, 4 * width];
    case "awq-int4":
      return [half, 2 * groups * rows, Math.ceil(groups * rows / 2)];
    case "hqq-int4":
      return [half, 2 * groups * rows, 2 * groups * rows];
    case "mxfp4":
      return [half, Math.ceil(elements / 32)];
    case "nvfp4":
      return [half, Math.ceil(elements / 16), 4];
    default:
      return [half];
  }
}
