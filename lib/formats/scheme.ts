import type { LayerRange, Tensor } from "../models/tensors/tensor.ts";
import type { WeightPacking } from "./weight_packing.ts";

/** How some layers' tensor is packed; null where it stays as it is. */
export interface PackedLayers {
  readonly packing: WeightPacking | null;
  readonly layers: readonly LayerRange[] | null;
}

/** How a checkpoint stores which of a model's tensors. */
export interface WeightScheme {
  /** In words: "fp8, blocks of 128 × 128". */
  readonly words: string;
  /** What Scenarios call the formats that it holds. */
  readonly formats: readonly string[];
  /** The type of what is not packed. */
  readonly plain: "fp32" | "bf16" | "fp16";
  /** Whether tensors that a model keeps in fp32 are stored in the plain type too. */
  readonly narrows: boolean;
  /** Scales of keys and values that stand beside each layer's projections. */
  readonly cacheScale:
    | { readonly bytes: number; readonly dtype: string }
    | null;
  /** How a weight of a product is packed, layers that differ apart. */
  packed(tensor: Tensor): readonly PackedLayers[];
  /** Whether tables of embeddings are packed as matrices are; false if left out. */
  readonly packsTables?: boolean;
  readonly basis: "exact" | "derived" | "assumed";
  readonly notes: readonly string[];
}
