/** Elements of a block of the 4-bit types, and of blocks of its scales. */
const NF4_BLOCK = 64;
const NF4_OUTER_BLOCK = 256;

/**
 * The bytes of each piece that a matrix is stored in: itself, its scales, the
 * tables of its types.
 *
 * Sources: bitsandbytes functional.py, quantize_4bit and QuantState;
 * nn/modules.py, Int8Params
 *
 * @returns Null of formats of others.
 */
export function bitsandbytesPieces(
  format: string,
  elements: number,
  rows: number,
): number[] | null {
  const half = Math.ceil(elements / 2);
  const blocks = Math.ceil(elements / NF4_BLOCK);
  switch (format) {
    case "nf4":
      return [half, 4 * blocks, 16 * 4];
    case "nf4-dq":
      return [
        half,
        blocks,
        4 * Math.ceil(blocks / NF4_OUTER_BLOCK),
        16 * 4,
        256 * 4,
        4,
      ];
    case "int8":
      return [elements, 4 * rows];
    default:
      return null;
  }
}
