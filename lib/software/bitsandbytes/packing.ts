import { DTYPE_BYTES } from "../../play/torch/dtype.ts";

/** Weights whose scale bitsandbytes keeps together. */
const BLOCK = 64;

/**
 * The most that stands while bitsandbytes packs a matrix on the GPU, in bytes: what
 * it was read in, what it becomes, and what comes between. 8 bits are made of a copy
 * in fp16, beside which transformers still holds what was read; scales that are
 * packed themselves are there twice, in fp32, as their mean is taken off.
 *
 * Source: bitsandbytes 0.50.2 nn/modules.py, Params4bit._quantize and
 * Int8Params._quantize; functional.py, quantize_4bit, compress_statistics;
 * huggingface/transformers 5.23.0 integrations/bitsandbytes.py, Bnb8bitQuantize
 *
 * @param format One that bitsandbytes packs.
 * @param read Bytes of what was read.
 * @param packed Bytes of what stays.
 */
export function whilePacked(
  format: string,
  elements: number,
  read: number,
  packed: number,
): number {
  const between = format === "int8"
    ? elements * DTYPE_BYTES.fp16
    : format === "nf4-dq"
    ? 2 * DTYPE_BYTES.fp32 * Math.ceil(elements / BLOCK)
    : 0;
  return read + packed + between;
}
