/** Largest counts of tokens, sequences, devices and GiB that a Scenario takes. */
export const MAX_TOKENS: number = 1 << 28;
export const MAX_SEQUENCES: number = 1 << 20;
export const MAX_DEVICES: number = 1 << 20;
export const MAX_GIB: number = 1 << 20;
export const MAX_LAYERS = 10_000;
/** Tiles that tokens may be cut to. */
export const MAX_TILES = 1024;
/**
 * What PyTorch takes for `max_split_size_mb`.
 *
 * Source: pytorch c10/core/AllocatorConfig.cpp, parseMaxSplitSize
 */
export const MIN_SPLIT_MB = 21;
export const MAX_SPLIT_MB: number = 1 << 24;
/** Steps that something may wait for. */
export const MAX_STEPS: number = 1 << 30;
/** Largest rank of adapters, and of what optimizers project to. */
export const MAX_RANK = 65_536;
