import type { Tensor } from "../models/tensors/tensor.ts";
import type { StoredMatrices } from "./matrices.ts";
import type { WeightPacking } from "./weight_packing.ts";

/** One array that a tensor of a model is stored as: codes, scales, zeros, … */
export interface StoredPiece {
  /** As the checkpoint calls it: "weight", "qweight", "scales", … */
  readonly name: string;
  /** Bytes of all that one copy of the tensor has. */
  readonly bytes: number;
  /** Its elements' type, as safetensors or ggml call it. */
  readonly dtype: string;
}

/** A tensor of a model as a checkpoint stores it. */
export interface StoredTensor {
  readonly tensor: Tensor;
  /** The format: "bf16", "awq-int4", "Q4_K", … */
  readonly format: string;
  /** How it is packed; null where it is not, and in a GGUF. */
  readonly packing: WeightPacking | null;
  /**
   * The matrices that one copy of a packed tensor is; null where it is not
   * packed. Each has its scales, zeros and tables for itself.
   */
  readonly matrices: StoredMatrices | null;
  /** Of one copy of the tensor, for all its matrices. */
  readonly pieces: readonly StoredPiece[];
}

/** A model's tensors as they are published, or as a scenario has them quantised. */
export interface StoredModel {
  /** The scheme in words: "bf16", "fp8, blocks of 128 × 128", "GGUF Q4_K_M". */
  readonly scheme: string;
  /** Every tensor of the model; one that layers store unlike stands several times. */
  readonly tensors: readonly StoredTensor[];
  /** What releases hold of the model's buffers: routers' biases. */
  readonly buffers: readonly StoredTensor[];
  /** Bytes of all copies of all pieces, buffers' too. */
  readonly bytes: number;
  /** How that is known: counted, by the rules of the format, or taken for granted. */
  readonly basis: "exact" | "derived" | "assumed";
  /** What was taken for granted. */
  readonly notes: readonly string[];
}
