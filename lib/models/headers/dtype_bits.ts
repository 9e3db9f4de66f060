/** Bits of an element, by the types of huggingface/safetensors tensor.rs. */
const BITS: Record<string, number> = {
  BOOL: 8,
  F4: 4,
  FP4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  UE8: 8,
  E8M0: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** Types that only ever hold the exponents of blocks, never weights. */
const SCALES = new Set(["F8_E8M0", "E8M0", "UE8"]);

/** Types of tensors that no training changes. */
const COUNTERS = new Set(["I64", "U64", "BOOL"]);

/** Bits of an element of a type; null for a type that is not known. */
export function dtypeBits(dtype: string): number | null {
  return Object.hasOwn(BITS, dtype) ? BITS[dtype] ?? null : null;
}

/** Whether a type holds weights in fewer than 16 bits, one an element. */
export function isNarrowFloat(dtype: string): boolean {
  return /^F[P]?[468]/.test(dtype) && (BITS[dtype] ?? 16) < 16;
}

/** Whether a type holds the scales of blocks. */
export function isScaleType(dtype: string): boolean {
  return SCALES.has(dtype);
}

/** Whether a type holds no parameters, but ids, counts or masks. */
export function isCounterType(dtype: string): boolean {
  return COUNTERS.has(dtype);
}
