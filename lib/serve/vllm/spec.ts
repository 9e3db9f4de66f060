import type { LayerRange } from "../../models/tensors/tensor.ts";

/** What holds of any layer's cache. */
interface Pages {
  /** Tokens of a block. */
  readonly block: number;
  /** Bytes that a layer keeps of a block, with what it is padded by. */
  readonly page: number;
  /** Tells apart what cannot share blocks: heads, widths and types. */
  readonly shape: string;
}

/**
 * What a layer asks of the cache, as vLLM's KVCacheSpec says it.
 *
 * Source: vllm-project/vllm 0.33 v1/kv_cache_interface.py
 */
export type CacheSpec =
  /** Every token; `latent` where keys and values are one compressed row. */
  | (Pages & { readonly kind: "full"; readonly latent: boolean })
  /** The last `reach` tokens and what is being computed. */
  | (Pages & { readonly kind: "window"; readonly reach: number })
  /** The same, of the pieces that attention stays within. */
  | (Pages & { readonly kind: "chunk"; readonly reach: number })
  /** Blocks of a sequence, however long it is. */
  | (Pages & { readonly kind: "state"; readonly blocks: number })
  /** What an encoder made of its longest input. */
  | (Pages & { readonly kind: "cross"; readonly encoded: number });

/** Layers with the same spec. */
export interface SpecLayers {
  readonly spec: CacheSpec;
  readonly layers: readonly LayerRange[];
  readonly count: number;
}

/** How many tokens decide what a request takes. */
export interface RequestBounds {
  /** Tokens that are scheduled and not settled: a batch for each step under way. */
  readonly inFlight: number;
  /** Ranks that share a sequence's tokens out (decode context parallel). */
  readonly dcp: number;
}

/** Blocks that a sequence of so many tokens takes of a spec's table at most. */
export function blocksOf(
  spec: CacheSpec,
  tokens: number,
  { inFlight, dcp }: RequestBounds,
): number {
  const { block } = spec;
  switch (spec.kind) {
    case "full":
      return Math.ceil(Math.ceil(tokens / dcp) / block);
    case "window":
      // One more, for a window may begin anywhere in its first block.
      return Math.ceil(Math.min(spec.reach - 1 + inFlight, tokens) / block) + 1;
    case "chunk":
      return Math.ceil(Math.min(spec.reach + inFlight, tokens) / block);
    case "state":
      return spec.blocks;
    case "cross":
      return Math.ceil(spec.encoded / block);
  }
}
