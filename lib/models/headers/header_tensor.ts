/** A tensor as a checkpoint's header lists it. */
export interface HeaderTensor {
  name: string;
  /** The shape as it is stored: packed, where the storage packs. */
  shape: readonly number[];
  /** The type's name in the safetensors format, such as "BF16". */
  dtype: string;
}

/** A tensor as the model has it, whatever it is stored as. */
export interface LogicalTensor {
  name: string;
  shape: readonly number[];
  /** Whether it is stored in fewer bits than a 16-bit float. */
  packed: boolean;
  /** Whether it is a weight [inputs, outputs] rather than the usual reverse. */
  transposed?: boolean;
  /** How the checkpoint stores it, with what stands beside it. */
  stored?: StoredHere;
}

/** How a checkpoint stores a tensor. */
export interface StoredHere {
  /** The type of its codes or numbers, as safetensors calls it. */
  readonly dtype: string;
  readonly bytes: number;
}
