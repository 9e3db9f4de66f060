import type { PerToken, StateCache } from "../models/families/code/cache.ts";
import type { CacheType } from "../scenario/sections/cache_type.ts";

/*
 * How much one rank of tensor parallelism keeps of what a layer's cache holds, as
 * engines that page their caches deal it out.
 */

/** Keys and values, one of each: numbers, or bytes. */
export interface KeysAndValues {
  readonly keys: number;
  readonly values: number;
}

/** Bytes of an element of a cache's types; "auto" is as wide as the model. */
export const CACHE_ELEMENT_BYTES: Readonly<
  Partial<Record<CacheType, number>>
> = { fp32: 4, bf16: 2, fp16: 2, fp8: 1, int8: 1 };

/**
 * Heads of keys and values that a rank holds: an even share, and at least one, for
 * ranks beyond the heads keep copies.
 *
 * Source: vllm-project/vllm 0.33 config/model.py, get_num_kv_heads
 */
export function headsOnRank(heads: number, tp: number): number {
  return heads === 0 ? 0 : Math.max(1, Math.floor(heads / tp));
}

/** Features of the keys and of the values that a rank keeps of one token. */
export function tokenFeatures(
  { heads, keys, values }: PerToken,
  tp: number,
): KeysAndValues {
  if (heads === 0) return { keys: 0, values: 0 };
  const own = headsOnRank(heads, tp);
  return { keys: own * keys / heads, values: own * values / heads };
}

/** Elements of a state that a rank keeps of each sequence. */
export interface StateElements {
  /** Of the window that the convolution looks back on. */
  readonly convolution: number;
  /** Of what runs along. */
  readonly running: number;
}

/**
 * What a rank keeps of a state. A convolution looks back on one input less than it
 * is wide. Where tp does not divide Mamba-2's groups, each rank has one of its own.
 *
 * Source: vllm-project/vllm 0.33 model_executor/layers/mamba/mamba_utils.py,
 * MambaStateShapeCalculator; SGLang's configs/mamba_utils.py has the same
 *
 * @param lookahead Inputs that are kept for tokens that may be taken back.
 */
export function stateElements(
  cache: StateCache,
  tp: number,
  lookahead = 0,
): StateElements {
  const { convolution, state } = cache;
  const running = state === null
    ? 0
    : state.reduce((product, size) => product * size, 1) / tp;
  if (convolution === null) return { convolution: 0, running };
  const [, width] = convolution;
  return {
    convolution: (width - 1 + lookahead) * channelsOf(cache, tp) / tp,
    running,
  };
}

/** Channels of a convolution, with the groups that ranks repeat. */
function channelsOf(
  { of, convolution, state }: StateCache,
  tp: number,
): number {
  const [channels] = convolution ?? [0, 0];
  if (of !== "mamba 2" || state === null) return channels;
  const [heads = 1, width = 1, size = 1] = state;
  const grouped = channels - heads * width;
  const groups = grouped / (2 * size);
  return groups % tp === 0
    ? channels
    : heads * width + 2 * size * Math.max(tp, groups);
}
