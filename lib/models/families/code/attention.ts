import type { ByConfig, Setting } from "./setting.ts";

/**
 * How a fused projection is cut into queries, keys and values.
 *
 * - `split`: three views of one cut.
 * - `slices`: three views, each with a gradient of the whole.
 * - `picked`: keys and values are picked by index, which copies; one head of them
 *   is for all queries.
 * - `grouped`: the same for each group of queries, and all three are copied head
 *   by head.
 */
export type FusedLayout = "split" | "slices" | "picked" | "grouped";

/** How heads are turned: whole, in part, in halves, or not at all. */
export type RotaryKind = "whole" | "part" | "halves" | "none";

/** How heads learn their positions. */
export interface RotaryCode {
  readonly kind: ByConfig<RotaryKind>;
  /** The share of a head that is turned where the config does not say. */
  readonly share: number;
  /** Features that are turned where the config counts them: GPT-J. */
  readonly features: Setting | null;
  /** Whether cosines and sines are repeated in each layer. */
  readonly repeatedTables: boolean;
  /** Whether heads are turned in fp32. */
  readonly wide: boolean;
  /** Whether heads are turned token by token, as they lie: GPT-J. */
  readonly byToken: boolean;
  /** Whether attention's code refers to heads as they were unturned: Phi. */
  readonly holdsUnturned: boolean;
  /** Tables of cosines and sines: Gemma 3 has those of two frequencies. */
  readonly tables: 1 | 2;
  /** Whether each sequence has positions of its own: Qwen2-VL. */
  readonly perSequence: boolean;
  /** Every how many layers one has heads that are not turned: Llama 4. */
  readonly skipsEvery: number | null;
  /**
   * The first release of transformers whose layers keep no cosines and sines of all
   * positions, as each did before; null where none did.
   *
   * Source: huggingface/transformers 4.38 to 4.46, _set_cos_sin_cache
   */
  readonly keptUntil: readonly [major: number, minor: number] | null;
}

/**
 * Which layers look at a window of the tokens before them alone.
 *
 * - `every`: each, where the config has a window.
 * - `turns`: all but each so manieth.
 * - `switched`: those from `max_window_layers` on, where `use_sliding_window`
 *   says so.
 *
 * `size` is the window of a config that does not state it; null for none.
 *
 * Source: huggingface/transformers models/…/configuration_….py, layer_types
 */
export type WindowCode =
  | { readonly layers: "every"; readonly size: number | null }
  | { readonly layers: "turns"; readonly turn: number; readonly size: number }
  | { readonly layers: "switched" };

/** What a type's attention does beside what its tensors tell. */
export interface AttentionCode {
  /** Whether heads are normed after they are turned. */
  readonly normsTurned: boolean;
  /** Whether queries are normed before keys are made: Qwen3, OLMo 2. */
  readonly normsEach: boolean;
  /** Whether turned heads are normed without parameters: Llama 4. */
  readonly normsBare: ByConfig<boolean>;
  /** Whether values are normed too, without parameters: Gemma 4. */
  readonly normsValues: boolean;
  /** Whether heads are as wide as the norm of a layer's queries says. */
  readonly widthsByLayer: boolean;
  /** Whether the last layers read keys and values of the last one of their kind. */
  readonly handsHeads: boolean;
  /** Whether an indexer picks the tokens that are looked at: a mask, no flash. */
  readonly picksTokens: boolean;
  /** Whether eager attention multiplies queries and keys in fp32. */
  readonly wideScores: boolean;
  /** Whether eager attention runs the softmax in fp32. */
  readonly wideSoftmax: boolean;
  /** Whether eager attention's weights keep the softmax's type: BioGPT. */
  readonly leavesWeights: boolean;
  /** Whether queries are scaled, and masked scores floored: XGLM. */
  readonly floorsScores: boolean;
  /** Whether scores and logits are capped where the config does not say. */
  readonly softcaps: boolean;
  /** Whether keys are multiplied by a number: Falcon-H1. */
  readonly scalesKeys: boolean;
  /** Whether the queries' projection gives a gate of each head's output too. */
  readonly gatesOutput: boolean;
  /** How a fused projection of queries, keys and values is cut. */
  readonly fused: ByConfig<FusedLayout>;
  /** Whether eager attention scales scores in place: Falcon. */
  readonly scalesInPlace: boolean;
  /** Whether autocast keeps casts of what a layer reads more than once. */
  readonly cachesCasts: boolean;
  /** Whether a step under checkpoints fills the cache, in transformers 4. */
  readonly fillsCache: boolean;
  readonly windows: WindowCode | null;
}
