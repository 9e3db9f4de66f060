/** Elements of a block of bitsandbytes' 4-bit types, and of blocks of its scales. */
const NF4_BLOCK = 64;
const NF4_OUTER_BLOCK = 256;

/**
 * The bytes of each piece that a quantised matrix [out, in] is stored in.
 *
 * Sources: bitsandbytes functional.py, quantize_4bit and QuantState;
 * nn/modules.py, Int8Params; AutoGPTQ/AutoAWQ's QuantLinear, whose zeros are
 * packed like the weights and whose scales have 16 bits; HQQ's Quantizer.
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
  switch (format) {
    case "nf4":
      return [half, 4 * Math.ceil(elements / NF4_BLOCK), 16 * 4];
    case "nf4-dq": {
      const blocks = Math.ceil(elements / NF4_BLOCK);
      return [
        half,
        blocks,
        4 * Math.ceil(blocks / NF4_OUTER_BLOCK),
        16 * 4,
        256 * 4,
        4,
      ];
    }
    case "int8":
      return [elements, 4 * rows];
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
