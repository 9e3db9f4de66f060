import type { Config } from "../config.ts";
import type { CachedLayer, CachePart, LayerCache } from "./code/cache.ts";
import { numberOf } from "./code/setting.ts";

/** How many tokens one pooled row stands for, by kinds of layers. */
const RATES: Readonly<Record<string, number>> = {
  compressed_sparse_attention: 4,
  heavily_compressed_attention: 128,
};

/**
 * What a layer of DeepSeek-V4 keeps: a window of one head whose keys are its values,
 * a row for each so many tokens, and with finer pooling an indexer's rows and the
 * halves of the last pool, which the next one overlaps. Tokens that wait for a pool
 * to fill are not counted.
 *
 * Source: huggingface/transformers 5.23.0 models/deepseek_v4/modeling_deepseek_v4.py,
 * DeepseekV4HCACache and DeepseekV4CSACache
 */
export function pooled(
  text: Config,
  _: LayerCache,
  at: CachedLayer,
): LayerCache {
  const kind = kindOf(text, at);
  const width = numberOf(text, [["head_dim"], 512]);
  const size = numberOf(text, [["sliding_window"], 128]);
  const window: CachePart = {
    kind: "window",
    size,
    heads: 1,
    keys: width,
    values: 0,
  };
  const usual = RATES[kind];
  if (usual === undefined) return [window];
  const rate = rateOf(text, kind, usual);
  const isFine = kind === "compressed_sparse_attention";
  const indexer = isFine ? numberOf(text, [["index_head_dim"], 128]) : 0;
  const rows: CachePart = {
    kind: "full",
    heads: 1,
    keys: (width + indexer) / rate,
    values: 0,
  };
  return isFine
    ? [window, rows, {
      kind: "state",
      of: "convolution",
      convolution: null,
      state: null,
      isWide: false,
      others: [{ shape: [2, rate, width + indexer], isWide: false }],
    }]
    : [window, rows];
}

function kindOf(text: Config, { layer, name }: CachedLayer): string {
  if (name !== null) return name;
  const ratios = text["compress_ratios"];
  if (Array.isArray(ratios)) {
    return ratios[layer] === 0
      ? "sliding_attention"
      : ratios[layer] === 4
      ? "compressed_sparse_attention"
      : "heavily_compressed_attention";
  }
  return layer < 2 || layer % 2 === 0
    ? "heavily_compressed_attention"
    : "compressed_sparse_attention";
}

function rateOf(text: Config, kind: string, usual: number): number {
  const rates = text["compress_rates"];
  const own = typeof rates === "object" && rates !== null
    ? rates as Config
    : {};
  return Math.max(1, numberOf(own, [[kind], usual]));
}
