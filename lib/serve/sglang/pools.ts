import { GIB, MIB } from "../../units/mod.ts";
import type { SglangAsked } from "./asked.ts";
import type { SglangCells } from "./cells.ts";
import type { SglangOptions } from "./options.ts";

/** The pools that SGLang makes of the bytes that it has for them. */
export interface SglangPools {
  /** Tokens of layers that keep all: what it prints as max_total_num_tokens. */
  readonly tokens: number;
  /** Tokens of the windows' pool; 0 without one. */
  readonly windowTokens: number;
  /** Slots for states, the one for padding among them; 0 without. */
  readonly slots: number;
  /** Requests that run at once at most. */
  readonly requests: number;
  readonly kvBytes: number;
  readonly stateBytes: number;
}

/** The pools, or why SGLang does not start. */
export type SglangPoolsOrRefusal = SglangPools | { readonly refusal: string };

/** The share of what is left that goes to states, by that of the cache. */
const STATES_RATIO = 0.9;
/** Slots of a request whose prefix stays in the radix tree. */
const SLOTS_OF_REQUEST = 3;
/** Tokens after which a window forgets, in batches of decoding. */
const EVICTION_INTERVAL = 128;
/** Chunks of prefills on their way: one runs, one is prepared. */
const CHUNKS_IN_FLIGHT = 2;
/** Requests where nothing is set. */
const LEAST_REQUESTS = 2048;
const MOST_REQUESTS = 4096;

/**
 * Deals the bytes out.
 *
 * Source: sgl-project/sglang 0.5.23 srt/model_executor/pool_configurator.py;
 * srt/mem_cache/kv_cache_configurator.py, _handle_max_mamba_cache and
 * resolve_max_num_reqs
 *
 * @param bytes What is left for the pools.
 * @param context The longest sequence, in tokens.
 */
export function poolsOf(
  { bytes, cells, options, asked, context }: {
    readonly bytes: number;
    readonly cells: SglangCells;
    readonly options: SglangOptions;
    readonly asked: SglangAsked;
    readonly context: number;
  },
): SglangPoolsOrRefusal {
  const states = statesOf(bytes, cells.state, asked);
  if ("refusal" in states) return states;
  const { slots, stateBytes } = states;
  const rest = Math.max(0, bytes - stateBytes);
  const page = options.page_size;
  const dealt = cells.window > 0 ? windowed(rest, cells, options, asked) : {
    tokens: capped(fullTokens(rest, cells.full, context), page, asked),
    window: 0,
  };
  if ("refusal" in dealt) return dealt;
  const { tokens, window } = dealt;
  if (tokens <= 0) {
    return { refusal: tooFewTokens(options) };
  }
  const usual = Math.max(
    LEAST_REQUESTS,
    Math.min(Math.trunc(tokens / context * 512), MOST_REQUESTS),
  );
  const cap = cells.state === 0
    ? Infinity
    : Math.floor((slots - 1) / (asked.radix ? SLOTS_OF_REQUEST : 1));
  const requests = Math.min(
    asked.requests ?? usual,
    Math.floor(tokens / 2),
    cap,
  );
  if (requests <= 0) {
    return {
      refusal: cells.state === 0
        ? tooFewTokens(options)
        : `Hybrid (mamba/linear-attention) state cache is too small to serve any requests. max_mamba_cache_size=${
          slots - 1
        }, mamba_ratio=${SLOTS_OF_REQUEST}, resulting max_num_reqs=${requests}.`,
    };
  }
  return {
    tokens,
    windowTokens: window,
    slots,
    requests,
    kvBytes: tokens * cells.full + window * cells.window,
    stateBytes,
  };
}

function tooFewTokens({ mem_fraction_static }: SglangOptions): string {
  return `Not enough memory. Please try to increase --mem-fraction-static. Current value: mem_fraction_static=${mem_fraction_static}`;
}

/** A model without attention holds as many tokens as a sequence may have. */
function fullTokens(bytes: number, cell: number, context: number): number {
  return cell === 0 ? context : Math.floor(bytes / cell);
}

/** How often a fraction goes into bytes, as Python's `//` has it. */
function wholeTimes(bytes: number, each: number): number {
  return Math.round((bytes - bytes % each) / each);
}

function aligned(tokens: number, page: number): number {
  return Math.floor(tokens / page) * page;
}

/** Whole pages, and no more tokens than max_total_tokens. */
function capped(
  tokens: number,
  page: number,
  { tokens: most }: SglangAsked,
): number {
  return aligned(Math.min(tokens, most ?? Infinity), page);
}

function statesOf(
  bytes: number,
  state: number,
  { radix, requests }: SglangAsked,
): { slots: number; stateBytes: number } | { refusal: string } {
  if (state === 0) return { slots: 0, stateBytes: 0 };
  const budget = bytes * STATES_RATIO / (1 + STATES_RATIO);
  const slots = !radix && requests !== null
    ? requests
    : Math.floor((budget - state) / state);
  if (slots <= 0) {
    return {
      refusal:
        `Not enough GPU memory for hybrid (mamba/linear-attention) state cache. Computed max_mamba_cache_size=${slots} (total_rest_memory=${
          (bytes / GIB).toFixed(2)
        } GB, mamba_cache_per_req=${(state / MIB).toFixed(2)} MB).`,
    };
  }
  return { slots: slots + 1, stateBytes: (slots + 1) * state };
}

/** A pool for all tokens and one for windows, by ratio or by what requests need. */
function windowed(
  bytes: number,
  { full, window, size }: SglangCells,
  { page_size: page, chunked_prefill_size: chunk }: SglangOptions,
  asked: SglangAsked,
): { tokens: number; window: number } | { refusal: string } {
  const { radix, requests, windowRatio } = asked;
  if (!radix && requests !== null && full > 0) {
    const each = size + EVICTION_INTERVAL + 2 * page;
    const cap = each * requests + CHUNKS_IN_FLIGHT * chunk + page;
    const held = Math.ceil(cap / page) * page;
    const tokens = aligned(Math.floor((bytes - held * window) / full), page);
    if (tokens > 0) {
      const kept = capped(tokens, page, asked);
      const window = kept < tokens ? Math.min(held, kept) : held;
      return { tokens: kept, window };
    }
    return {
      refusal: `SWA pool cap (${held} tokens, ${
        (held * window / GIB).toFixed(2)
      } GiB) leaves no room for the full KV pool within the available ${
        (bytes / GIB).toFixed(2)
      } GiB. Reduce --max-running-requests, lower SGLANG_SWA_EVICTION_INTERVAL, or increase --mem-fraction-static.`,
    };
  }
  if (full === 0) {
    const tokens = capped(Math.floor(bytes / window), page, asked);
    return { tokens, window: tokens };
  }
  const tokens = capped(
    wholeTimes(bytes, full + windowRatio * window),
    page,
    asked,
  );
  const held = aligned(Math.trunc(tokens * windowRatio), page);
  return size + page >= held
    ? {
      refusal:
        `SWA pool (${held} tokens) cannot hold even one request: the prefill admission floor is sliding_window_size (${size}) + page_size (${page}). Increase --swa-full-tokens-ratio or the total KV budget.`,
    }
    : { tokens, window: held };
}
