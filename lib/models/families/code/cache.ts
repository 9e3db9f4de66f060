import type { Config } from "../../config.ts";

/** Numbers that attention keeps of each token: heads times their features. */
export interface PerToken {
  /** Heads of the keys, and of the values; tensor parallelism deals them out. */
  readonly heads: number;
  readonly keys: number;
  readonly values: number;
}

/** Whose states of a fixed size a layer keeps. */
export type Mixer =
  | "mamba"
  | "mamba 2"
  | "gated delta"
  | "linear attention"
  | "convolution"
  | "gated recurrence"
  | "time mixing"
  | "matrix memory";

/** A tensor of one sequence, however long it is. */
export interface StateTensor {
  readonly shape: readonly number[];
  /** Whether transformers keeps it in fp32 whatever the model's type is. */
  readonly isWide: boolean;
}

/** What a layer without attention keeps of each sequence, however long it is. */
export interface StateCache {
  readonly kind: "state";
  readonly of: Mixer;
  /** Channels and the width of the convolution's window; null without one. */
  readonly convolution: readonly [channels: number, width: number] | null;
  /** The shape of what runs along; null of a convolution alone. */
  readonly state: readonly number[] | null;
  /** Whether transformers keeps that in fp32 whatever the model's type is. */
  readonly isWide: boolean;
  /** What is kept beside a convolution's window and what runs along. */
  readonly others: readonly StateTensor[];
}

/** Something that a layer keeps between tokens. */
export type CachePart =
  /** Keys and values of every token. */
  | ({ readonly kind: "full" } & PerToken)
  /** Of the last so many tokens. */
  | ({ readonly kind: "window"; readonly size: number } & PerToken)
  /** Of the tokens of the piece that one stands in. */
  | ({ readonly kind: "chunk"; readonly size: number } & PerToken)
  /** One compressed row a token, its rotated keys, and an indexer's features. */
  | {
    readonly kind: "latent";
    readonly rank: number;
    readonly rotated: number;
    readonly indexer: number;
    /** Whether the indexer's are in fp32 whatever the model's type is. */
    readonly isIndexerWide: boolean;
  }
  /** Of every token that the encoder read: the prompt's, or always so many. */
  | ({ readonly kind: "cross"; readonly encoded: number | null } & PerToken)
  | StateCache
  /** Nothing of its own: an earlier layer's keys and values are read. */
  | { readonly kind: "shared" };

/** All that one layer keeps; nothing where it is an MLP alone. */
export type LayerCache = readonly CachePart[];

/** What a layer is to its cache; the names are transformers'. */
export type CacheKind =
  | "full_attention"
  | "sliding_attention"
  | "chunked_attention"
  | "linear_attention"
  | "hybrid"
  | "hybrid_sliding"
  | "cross"
  | "shared"
  | "none";

/** Kinds by the names that config.json has for them, of transformers 4 and 5. */
export const CACHE_KINDS: Readonly<Record<string, CacheKind>> = {
  full_attention: "full_attention",
  attention: "full_attention",
  indexed_attention: "full_attention",
  sliding_attention: "sliding_attention",
  chunked_attention: "chunked_attention",
  linear_attention: "linear_attention",
  conv: "linear_attention",
  mamba: "linear_attention",
  hybrid: "hybrid",
  hybrid_sliding: "hybrid_sliding",
  recurrent: "linear_attention",
  minimax_m3_sparse: "full_attention",
  moe: "none",
  mlp: "none",
};

/** A layer, by its number, its kind, and what the config's list calls it. */
export interface CachedLayer {
  readonly layer: number;
  readonly kind: CacheKind;
  readonly name: string | null;
}

/** What a type's layers keep between tokens. */
export interface CacheCode {
  /**
   * The kinds of so many layers where the config does not list them; null of a
   * type whose cache is not known. Left out by types whose windows say it.
   */
  readonly kinds:
    | ((text: Config, layers: number) => readonly CacheKind[] | null)
    | null;
  /** The window of a config that states none. */
  readonly window: number | null;
  /** Layers at the end that read earlier ones' where a config does not say. */
  readonly shares: number;
  /** Whether the last layer sees everything, whatever the config lists. */
  readonly endsInFull: boolean;
  /** Keys and values of a layer of a kind, where they are not the usual. */
  readonly tokens:
    | ((
      text: Config,
      usual: PerToken,
      at: CachedLayer,
    ) => Partial<PerToken>)
    | null;
  /** Whether keys and values are compressed into one row a token. */
  readonly isLatent: boolean;
  /** Whether its decoder attends to what an encoder read. */
  readonly crosses: boolean;
  /** Tokens that its encoder makes of each sequence; null where they are the prompt's. */
  readonly encoded: ((text: Config) => number) | null;
  /** Whether a layer has two attentions, each with a cache: LongCat. */
  readonly isDouble: boolean;
  /** The states of a layer that is no attention. */
  readonly state: ((text: Config, at: CachedLayer) => StateCache) | null;
  /** What a layer keeps where it is of no such kind, after what it usually were. */
  readonly keeps:
    | ((text: Config, usual: LayerCache, at: CachedLayer) => LayerCache)
    | null;
}

/** A type whose cache nobody has looked at. */
export const UNKNOWN_CACHE: Partial<CacheCode> = { kinds: () => null };

/** Kinds by a rule over the numbers of layers. */
export function byLayer(
  kindOf: (layer: number, text: Config, layers: number) => CacheKind,
): Partial<CacheCode> {
  return {
    kinds: (text, layers) =>
      Array.from({ length: layers }, (_, layer) => kindOf(layer, text, layers)),
  };
}
