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
import { numberOf } from "./families/code/setting.ts";
import { codeOfType, familyOf } from "./families/mod.ts";
import { TEXT_DEFAULTS } from "./families/text_defaults.ts";

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
  const { text, code } = languageOf(config);
  if (code.encoder && !code.cache.crosses) return [];
  const layers = layersOf(text);
  const kinds = kindsOf(text, code, layers);
  if (kinds === null) return null;
  const kept = kinds.map((kind, layer) => keptBy({ layer, kind }, text, code));
  const all = code.cache.isDouble ? kept.flatMap((each) => [each, each]) : kept;
  return code.cache.crosses && text["is_encoder_decoder"] !== false
    ? all.map((each, layer) => [
      ...each,
      { kind: "cross", ...tokensOf(text, code, { layer, kind: "cross" }) },
    ])
    : all;
}

/** The language model's own config with what its class adds, and its code. */
function languageOf(config: Config): { text: Config; code: FamilyCode } {
  const nested = config["text_config"] ?? config["llm_config"];
  const inner = isConfig(nested) ? nested : config;
  const said = inner["model_type"];
  const outer = String(config["model_type"] ?? "");
  const type = typeof said === "string" && familyOf(said) ? said : outer;
  const usual = typeof said === "string" ? TEXT_DEFAULTS[said] ?? {} : {};
  return { text: { ...usual, ...inner }, code: codeOfType(type) };
}

function layersOf(text: Config): number {
  for (const key of LISTS) {
    const listed = text[key];
    if (Array.isArray(listed)) return listed.length;
  }
  return numberOf(text, [[
    "decoder_layers",
    "num_decoder_layers",
    ...KEYS.layers,
  ], 0]);
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
    ? listed.map((name, at) => CACHE_KINDS[String(name)] ?? usual[at])
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

/** The tokens of a window; null where there is none. */
function windowOf(
  text: Config,
  { attention: { windows }, cache }: FamilyCode,
): number | null {
  const stated = text["sliding_window"];
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
  const { isLatent, state } = code.cache;
  const tokens = tokensOf(text, code, at);
  const states = state ? [state(text)] : [];
  switch (at.kind) {
    case "none":
      return [];
    case "cross":
      return [{ kind: "cross", ...tokens }];
    case "shared":
      return [{ kind: "shared" }];
    case "linear_attention":
      return states;
    case "hybrid":
      return [...states, { kind: "full", ...tokens }];
    case "chunked_attention": {
      const size = numberOf(text, [["attention_chunk_size"], 8192]);
      return [{ kind: "chunk", size, ...tokens }];
    }
    case "sliding_attention": {
      const size = windowOf(text, code);
      return size === null
        ? [{ kind: "full", ...tokens }]
        : [{ kind: "window", size, ...tokens }];
    }
    case "full_attention":
      return [isLatent ? latentOf(text) : { kind: "full", ...tokens }];
  }
}

function latentOf(text: Config): CachePart {
  return {
    kind: "latent",
    rank: numberOf(text, [["kv_lora_rank"], 512]),
    rotated: numberOf(text, [["qk_rope_head_dim"], 64]),
    indexer: numberOf(text, [["index_head_dim"], 0]),
  };
}

function tokensOf(
  text: Config,
  { cache }: FamilyCode,
  at: CachedLayer,
): PerToken {
  const heads = numberOf(text, [KEYS.heads, 0]);
  const hidden = numberOf(text, [KEYS.hidden, 0]);
  const width = numberOf(text, [
    [...KEYS.headDim, "kv_channels"],
    heads > 0 ? Math.floor(hidden / heads) : 0,
  ]);
  const own = numberOf(text, [KEYS.kvHeads, heads]);
  const usual = { heads: own, keys: own * width, values: own * width };
  return { ...usual, ...cache.tokens?.(text, usual, at) };
}

function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
