/** A value of a GGUF file's metadata, as far as it is kept. */
export type GgufValue = string | number | boolean | number[];

/** A tensor as a GGUF file lists it. */
export interface GgufTensor {
  name: string;
  /** In ggml's order: the last dimension of PyTorch's shape comes first. */
  shape: readonly number[];
  /** The number of its ggml type. */
  type: number;
}

/** What the header of a GGUF file holds. */
export interface GgufHeader {
  /** By key, such as "general.architecture"; long lists are left out. */
  metadata: Record<string, GgufValue>;
  /** The tensors of all its files. */
  tensors: GgufTensor[];
}
