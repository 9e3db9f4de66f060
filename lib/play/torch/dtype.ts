/** Types that tensors of a step have. */
export type Dtype = "fp32" | "bf16" | "fp16" | "int64" | "int32" | "uint8";

/** Bytes of one element. */
export const DTYPE_BYTES: Record<Dtype, number> = {
  fp32: 4,
  bf16: 2,
  fp16: 2,
  int64: 8,
  int32: 4,
  uint8: 1,
};

/** The type that arithmetic on both gives; 16-bit types of two kinds give fp32. */
export function promoted(a: Dtype, b: Dtype): Dtype {
  return a === b ? a : "fp32";
}
