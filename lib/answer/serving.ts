/** What lies on one device of a serving engine, in bytes. */
export interface DeviceShare {
  /** "GPU 0", …, or "host". */
  device: string;
  weights_bytes: number;
  /** Keys and values. */
  kv_bytes: number;
  /** States of a fixed size: Mamba's, gated delta nets', convolutions'. */
  state_bytes: number;
  compute_bytes: number;
  /** All of these, and what the engine has beside. */
  total_bytes: number;
}

/**
 * Engines that make a cache as long as they are asked for; others take a share of
 * the GPU and fill it.
 */
export const CACHES_AS_ASKED: ReadonlySet<string> = new Set([
  "transformers",
  "llama.cpp",
]);

/** An option of an engine as it resolved it. */
export type SettingValue = number | string | boolean | null;

/** What a serving engine makes of a model; bytes of the most loaded GPU. */
export interface Serving {
  engine: string;
  starts: boolean;
  /** Why it would not start, in the engine's own terms. */
  refusal: string | null;
  /** As they lie on the GPU after the engine has repacked them. */
  weights_bytes: number;
  /** The profile run's activation peak; llama.cpp: its compute buffers. */
  compute_bytes: number;
  graph_bytes: number;
  /** What is neither PyTorch's nor the engine's own: context, modules, NCCL. */
  outside_bytes: number;
  /** The pool that the engine makes; null where it makes none. */
  kv_pool_bytes: number | null;
  /** The tokens that it prints for the pool. */
  kv_tokens: number | null;
  /** The longest sequence that it takes. */
  max_model_len: number | null;
  /** Sequences of that length that fit the pool. */
  max_concurrency: number | null;
  devices: DeviceShare[];
  /** The engine's options as it resolves them, by its own names. */
  settings: Record<string, SettingValue>;
}

/** The cache of a serving estimate, per GPU. */
export interface KvCache {
  /**
   * By how much it grows for one more token of a long sequence: layers with a full
   * cache alone.
   */
  bytes_per_token: number;
  /** Windows once they are full, and states; absent where a method knows none. */
  fixed_bytes_per_sequence?: number;
  /** What the scenario's sequences hold, as the engine keeps them. */
  bytes: number;
  /** Tokens that fit beside everything else; null when not known. */
  max_tokens: number | null;
  /** Sequences of the scenario's length that fit; null when not known. */
  max_sequences: number | null;
}
