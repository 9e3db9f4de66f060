/** Whose layout a packed matrix has in a checkpoint. */
export type PackingLayout =
  | "gptq"
  | "awq"
  | "compressed-tensors"
  | "fp8"
  | "fbgemm"
  | "mxfp4"
  | "modelopt"
  | "bitsandbytes"
  | "hqq"
  | "torchao"
  | "quark"
  | "exl2"
  | "exl3"
  | "mlx";

/** What shares a scale: all, an output's weights, so many inputs, a rectangle. */
export type ScaleSharing = "tensor" | "channel" | "group" | "block";

/** How a matrix is stored in fewer bits. */
export interface WeightPacking {
  readonly layout: PackingLayout;
  readonly kind: "int" | "float";
  /** Bits of a weight; EXL2's and EXL3's are a mean. */
  readonly bits: number;
  readonly scales: ScaleSharing;
  /** Inputs that share a scale, where they do in groups. */
  readonly group: number | null;
  /** Outputs and inputs that share a scale, where they do in blocks. */
  readonly block: readonly [outputs: number, inputs: number] | null;
  /** Whether scales stand alone, without zero points. */
  readonly symmetric: boolean;
  /** Whether inputs are sorted by their activations: desc_act, actorder. */
  readonly reordered: boolean;
  /** Whether the order of inputs is stored in any case: GPTQ's g_idx. */
  readonly ordered: boolean;
  /**
   * Bits of the activations in a product, and whether their scales are made as
   * they come; null where they stay in 16 bits.
   */
  readonly activations:
    | { readonly bits: number; readonly dynamic: boolean }
    | null;
  /** Whether scales are quantised themselves: bitsandbytes' double quantisation. */
  readonly nested: boolean;
  /** Whether scales are exponents of 8 bits alone. */
  readonly exponents: boolean;
}

/** The usual of a packing: symmetric integers, their scales in groups of 128. */
const USUAL = {
  kind: "int",
  bits: 4,
  scales: "group",
  group: 128,
  block: null,
  symmetric: true,
  reordered: false,
  ordered: true,
  activations: null,
  nested: false,
  exponents: false,
} as const;

/** A packing that is {@linkcode USUAL} but for what is said. */
export function packingLike(
  said: Pick<WeightPacking, "layout"> & Partial<WeightPacking>,
): WeightPacking {
  const packing = { ...USUAL, ...said };
  return packing.scales === "group" ? packing : { ...packing, group: null };
}
