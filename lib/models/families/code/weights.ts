import type { Release } from "../../../scenario/version.ts";

/** What of a type's parameters and buffers its tensors do not tell. */
export interface WeightsCode {
  /** Names of parameters that no gradient reaches. */
  readonly frozen: RegExp | null;
  /** Names of parameters of a type that formulas count, which stay in fp32. */
  readonly wide: RegExp | null;
  /** Buffers that are gone from a release of transformers on. */
  readonly buffersGone:
    | { readonly names: RegExp; readonly from: Release }
    | null;
  /** Whether layers take turns with a few attention blocks: Zamba2. */
  readonly sharesBlocks: boolean;
  /** Whether its linear layers are of a class of their own: Falcon. */
  readonly ownLinears: boolean;
}

/** What a type's class of configuration sets where a config.json is silent. */
export interface SizesCode {
  /** Whether the MLP has a gate. */
  readonly gated: boolean;
  /** Whether head and embedding are one tensor. */
  readonly tied: boolean;
  readonly positions: readonly [key: string, size: number] | null;
  readonly vocabulary: number | null;
  /** Whether a shared expert as wide as an MLP stands where none is counted. */
  readonly sharedExpert: boolean;
  /** Whether its code reads a config for each layer. */
  readonly perLayer: boolean;
}
