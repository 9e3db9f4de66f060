import type { Config } from "../config.ts";
import type { CacheCode, CachePart } from "./code/cache.ts";
import { byLayer } from "./code/cache.ts";
import { hasIndexer } from "./code/indexer.ts";
import { numberOf } from "./code/setting.ts";

/**
 * Types whose layers share an indexer, or keys and values, among each other.
 *
 * Source: huggingface/transformers 5.23.0 cache_utils.py, DynamicIndexedLayer, and
 * the models' configurations
 */
export const INDEXED: Readonly<Record<string, Partial<CacheCode>>> = {
  dots3_note_text: {
    isLatent: true,
    window: 512,
    ...byLayer((layer) =>
      layer < 2 || layer % 4 === 1 ? "full_attention" : "sliding_attention"
    ),
    keeps: (text, usual, { layer, kind }) =>
      usual.map((part): CachePart => {
        if (part.kind === "latent") return { ...part, isIndexerWide: true };
        return kind === "sliding_attention" && part.kind === "window"
          ? { ...part, ...narrow(layerConfig(text, layer)) }
          : part;
      }),
  },
  hy_v4: {
    isLatent: true,
    keeps: (text, usual, { layer }) =>
      usual.map((part) =>
        part.kind === "latent" && !hasIndexer(text, layer, [4, 1])
          ? { ...part, indexer: 0 }
          : part
      ),
  },
  mistral_large4_text: {
    isLatent: true,
    keeps: (text, usual, { layer }) => {
      const sources = text["kv_source_layers"];
      const isShared = Array.isArray(sources) && sources[layer] !== layer;
      const turned = text["no_rope_layers"];
      const interval = numberOf(text, [["no_rope_layer_interval"], 4]);
      const isTurned = Array.isArray(turned)
        ? Boolean(turned[layer])
        : (layer + 1) % interval !== 0;
      return usual.map((part): CachePart =>
        part.kind !== "latent" ? part : {
          ...part,
          rank: isShared ? 0 : part.rank,
          rotated: isShared || !isTurned ? 0 : part.rotated,
        }
      );
    },
  },
};

/** A row of latents of layers with windows, whose ranks are of their own. */
function narrow(own: Config): { heads: number; keys: number; values: number } {
  return {
    heads: 1,
    keys: numberOf(own, [["kv_lora_rank", "swa_kv_lora_rank"], 1024]),
    values: numberOf(own, [["qk_rope_head_dim", "swa_qk_rope_head_dim"], 64]),
  };
}

/** What the config sets apart for a layer. */
function layerConfig(text: Config, layer: number): Config {
  const apart = text["per_layer_config"];
  const own = typeof apart === "object" && apart !== null
    ? (apart as Config)[String(layer)]
    : undefined;
  if (typeof own === "object" && own !== null) return own as Config;
  const { swa_kv_lora_rank, swa_qk_rope_head_dim } = text;
  return { swa_kv_lora_rank, swa_qk_rope_head_dim };
}
