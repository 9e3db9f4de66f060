import type { Config } from "./config.ts";
import { KEYS } from "./config_keys.ts";
import type {
  CachedLayer,
  CacheKind,
  CachePart,
  LayerCache,
  PerToken,
} from "./families/code/cache.ts";
import { CACHE_KINDS } from "./families/code/cache.ts";
import type { FamilyCode } from "./families/code/code.ts";
import { hasIndexer } from "./families/code/indexer.ts";
import { numberOf } from "./families/code/setting.ts";
import { cachingCodeOf } from "./families/caching_code.ts";
import { languageOf } from "./language_of_config.ts";
import { MAX_MODEL_LAYERS } from "./tensors/layer_ranges.ts";

/**
 * What each layer of a language model keeps between tokens. transformers keeps the
 * same, but repeats the heads of Falcon's groups for every query.
 *
 * Source: huggingface/transformers 5.23.0 cache_utils.py,
 * get_layer_types_and_kwargs, and the models' own code
 *
 * @param config The whole config.json.
 * @returns The decoder's layers in order, none of an encoder alone; null where it
 *   is not known.
 */
export function cacheOf(config: Config): readonly LayerCache[] | null {
  const { text, type, outer } = languageOf(config);
  const code = cachingCodeOf(type, outer);
  const decodes = text["is_decoder"] === true || code.cache.crosses;
  if (code.encoder && !decodes) return [];
  const layers = layersOf(text);
  const kinds = kindsOf(text, code, layers);
  if (kinds === null) return null;
  const names = LISTS.map((key) => text[key]).find(Array.isArray) ?? [];
  const kept = kinds.map((kind, layer) => {
    const said = names[layer];
    const name = typeof said === "string" ? said : null;
    return keptBy({ layer, kind, name }, text, code);
  });
  const all = code.cache.isDouble ? kept.flatMap((each) => [each, each]) : kept;
  return crosses(config, text, code)
    ? all.map((each, layer) => [
      ...each,
      {
        kind: "cross",
        encoded: code.cache.encoded?.(text) ?? null,
        ...tokensOf(text, code, { layer, kind: "cross", name: null }),
      },
    ])
    : all;
}

/** Whether an encoder is read: decoders are taken from such models alone, too. */
function crosses(config: Config, text: Config, code: FamilyCode): boolean {
  const named = config["architectures"];
  const isAlone = Array.isArray(named) &&
    String(named[0]).endsWith("ForCausalLM");
  if (isAlone) return false;
  return PAIRS.includes(String(config["model_type"])) ||
    text["add_cross_attention"] === true ||
    code.cache.crosses && (config["is_encoder_decoder"] !== false ||
        text["is_encoder_decoder"] === true);
}

/** Types of any encoder with any decoder, which is made to read it. */
const PAIRS = [
  "encoder-decoder",
  "speech-encoder-decoder",
  "vision-encoder-decoder",
];

/** How many there are; of a list that goes on beyond them the rest is no layer. */
function layersOf(text: Config): number {
  const stated = numberOf(text, [[
    "decoder_layers",
    "num_decoder_layers",
    "decoder_num_hidden_layers",
    ...KEYS.layers,
  ], 0]);
  const listed = LISTS.map((key) => text[key]).find(Array.isArray);
  const own = Math.max(0, Math.floor(stated));
  return Math.min(
    listed === undefined || own > 0 ? own : listed.length,
    listed?.length ?? MAX_MODEL_LAYERS,
    MAX_MODEL_LAYERS,
  );
}

/** Where configs list their layers' kinds. */
const LISTS = ["layer_types", "layers_block_type"];

function kindsOf(
  text: Config,
  code: FamilyCode,
  layers: number,
): readonly CacheKind[] | null {
  const { kinds } = code.cache;
  const usual = kinds ? kinds(text, layers) : windowed(text, code, layers);
  if (usual === null) return null;
  const listed = LISTS.map((key) => text[key]).find(Array.isArray);
  const all = listed
    ? listed.slice(0, layers).map((name, at) =>
      CACHE_KINDS[String(name)] ?? usual[at]
    )
    : usual;
  const shared = numberOf(text, [["num_kv_shared_layers"], code.cache.shares]);
  return all.map((kind, at) =>
    at >= layers - shared
      ? "shared"
      : code.cache.endsInFull && at === layers - 1
      ? "full_attention"
      : kind ?? "full_attention"
  );
}

/** Kinds by the windows that a type's attention has. */
function windowed(
  text: Config,
  code: FamilyCode,
  layers: number,
): readonly CacheKind[] {
  const { windows } = code.attention;
  const isOff = windows?.layers === "switched" &&
    text["use_sliding_window"] !== true;
  const all = Array.from({ length: layers }, (_, layer) => layer);
  if (isOff || windowOf(text, code) === null) {
    return all.map(() => "full_attention");
  }
  const turn = windows?.layers === "turns"
    ? numberOf(text, [["sliding_window_pattern"], windows.turn])
    : 0;
  const first = windows?.layers === "switched"
    ? numberOf(text, [["max_window_layers"], 28])
    : 0;
  return all.map((layer) =>
    layer < first || (turn > 0 && (layer + 1) % turn === 0)
      ? "full_attention"
      : "sliding_attention"
  );
}

/** Names of the tokens of a window. */
const WINDOWS = [
  "sliding_window",
  "sliding_window_size",
  "attention_window_size",
];

/** The tokens of a window; null where there is none. */
function windowOf(
  text: Config,
  { attention: { windows }, cache }: FamilyCode,
): number | null {
  const stated = WINDOWS.map((key) => text[key]).find((value) =>
    value !== undefined
  );
  if (stated === undefined) {
    const played = windows && "size" in windows ? windows.size : null;
    return cache.window ?? played;
  }
  return typeof stated === "number" && stated > 0 ? stated : null;
}

function keptBy(
  at: CachedLayer,
  text: Config,
  code: FamilyCode,
): LayerCache {
  const usual = usuallyKept(at, text, code);
  return code.cache.keeps?.(text, usual, at) ?? usual;
}

function usuallyKept(
  at: CachedLayer,
  text: Config,
  code: FamilyCode,
): LayerCache {
  const { isLatent, state } = code.cache;
  const tokens = tokensOf(text, code, at);
  const states = state ? [state(text, at)] : [];
  const full: CachePart = isLatent
    ? latentOf(text, at.layer)
    : { kind: "full", ...tokens };
  switch (at.kind) {
    case "none":
      return [];
    case "cross":
      return [{
        kind: "cross",
        encoded: code.cache.encoded?.(text) ?? null,
        ...tokens,
      }];
    case "shared":
      return [{ kind: "shared" }];
    case "linear_attention":
      return states;
    case "hybrid":
      return [...states, full];
    case "chunked_attention": {
      const size = numberOf(text, [["attention_chunk_size"], 8192]);
      return [{ kind: "chunk", size, ...tokens }];
    }
    case "hybrid_sliding":
    case "sliding_attention": {
      const size = windowOf(text, code);
      const kept: CachePart = size === null
        ? full
        : { kind: "window", size, ...tokens };
      return at.kind === "hybrid_sliding" ? [...states, kept] : [kept];
    }
    case "full_attention":
      return [full];
  }
}

function latentOf(text: Config, layer: number): CachePart {
  return {
    kind: "latent",
    rank: numberOf(text, [["kv_lora_rank"], 512]),
    rotated: numberOf(text, [["qk_rope_head_dim"], 64]),
    indexer: hasIndexer(text, layer)
      ? numberOf(text, [["index_head_dim"], 0])
      : 0,
    isIndexerWide: false,
  };
}

function tokensOf(
  text: Config,
  { cache }: FamilyCode,
  at: CachedLayer,
): PerToken {
  const heads = numberOf(text, [
    [...(cache.crosses ? ["decoder_attention_heads"] : []), ...KEYS.heads],
    0,
  ]);
  const hidden = numberOf(text, [KEYS.hidden, 0]);
  const width = numberOf(text, [
    [...KEYS.headDim, "kv_channels"],
    heads > 0 ? Math.floor(hidden / heads) : 0,
  ]);
  // A count of none is no count.
  const own = numberOf(text, [
    [
      ...(cache.crosses ? ["decoder_num_key_value_heads"] : []),
      ...KEYS.kvHeads,
    ],
    heads,
  ]) || heads;
  const usual = { heads: own, keys: own * width, values: own * width };
  return { ...usual, ...cache.tokens?.(text, usual, at) };
}
