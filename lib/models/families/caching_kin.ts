import { INDEXED } from "./caching_indexed.ts";
import { byLayer, UNKNOWN_CACHE } from "./code/cache.ts";
import type { CacheCode, CacheKind, StateCache } from "./code/cache.ts";
import { numberOf } from "./code/setting.ts";
import { DELTA_STATE, deltaState } from "./code/states.ts";
import type { Config } from "../config.ts";

/** A decoder that keeps nothing: each token runs all that came before again. */
const NOTHING: Partial<CacheCode> = byLayer(() => "none");

/** An encoder that keeps keys and values where its config makes it a decoder. */
const WHERE_TOLD: Partial<CacheCode> = byLayer((_, text) =>
  text["is_decoder"] === true ? "full_attention" : "none"
);

/** A decoder that reads what an encoder read. */
const CROSSES: Partial<CacheCode> = { crosses: true };

const LATENT: Partial<CacheCode> = { isLatent: true };

/** Short convolutions over keys, values and both halves of each layer, in fp32. */
function shortConvolutions(
  kinds: Partial<CacheCode>,
): Partial<CacheCode> {
  return {
    ...kinds,
    tokens: (text, _, { kind }) => {
      const prefix = kind === "hybrid_sliding" ? "swa_" : "";
      const heads = numberOf(text, [[`${prefix}num_key_value_heads`], 8]);
      const each = heads * numberOf(text, [[`${prefix}head_dim`], 128]);
      return { heads, keys: each, values: each };
    },
    state: (text, { kind }): StateCache => {
      const prefix = kind === "hybrid_sliding" ? "swa_" : "";
      const width = numberOf(text, [[`${prefix}num_key_value_heads`], 8]) *
        numberOf(text, [[`${prefix}head_dim`], 128]);
      const hidden = numberOf(text, [["hidden_size"], 0]);
      const kernel = numberOf(text, [
        ["conv_kernel_size", "sconv_kernel_size"],
        4,
      ]);
      return {
        kind: "state",
        of: "convolution",
        convolution: null,
        state: null,
        isWide: false,
        others: [width, width, hidden, hidden].map((channels) => ({
          shape: [channels, kernel],
          isWide: true,
        })),
      };
    },
  };
}

/** A state of a convolution alone. */
function convolutionOf(
  keys: readonly string[],
  width: number,
): Partial<CacheCode> {
  return {
    state: (text) => ({
      kind: "state",
      of: "convolution",
      convolution: [
        numberOf(text, [["hidden_size"], 0]),
        numberOf(text, [keys, width]),
      ],
      state: null,
      isWide: false,
      others: [],
    }),
  };
}

/** The layers that have windows are listed by number. */
function localKind(layer: number, text: Config): CacheKind {
  const local = text["local_layer_ids"];
  const isLocal = Array.isArray(local)
    ? local.includes(layer)
    : (layer + 1) % 6 !== 0;
  return isLocal ? "hybrid_sliding" : "hybrid";
}

/** Matrix memories of heads, their normalisers and their largest gates. */
function matrixMemory(text: Config): StateCache {
  const heads = numberOf(text, [["num_heads"], 8]);
  const hidden = numberOf(text, [["hidden_size"], 0]);
  const widthOf = (factor: number) =>
    Math.floor(64 * Math.ceil(hidden * factor / 64) / heads);
  const keys = widthOf(numberOf(text, [["qk_dim_factor"], 0.5]));
  const values = widthOf(numberOf(text, [["v_dim_factor"], 1]));
  return {
    kind: "state",
    of: "matrix memory",
    convolution: null,
    state: [heads, keys, values],
    isWide: false,
    others: [
      { shape: [heads, keys], isWide: false },
      { shape: [heads, 1], isWide: false },
    ],
  };
}

/** A convolution over queries and keys, and half of the last token's values. */
function delayedValues(text: Config): StateCache {
  const heads = numberOf(text, [["num_attention_heads"], 8]);
  const kvHeads = numberOf(text, [["num_key_value_heads"], 2]);
  const width = numberOf(text, [["head_dim"], 128]);
  const first = numberOf(text, [["cca_time0"], 2]);
  const second = numberOf(text, [["cca_time1"], 2]);
  return {
    kind: "state",
    of: "convolution",
    convolution: [(heads + kvHeads) * width, first + second - 2],
    state: [Math.floor(kvHeads * width / 2)],
    isWide: false,
    others: [],
  };
}

/**
 * What types keep between tokens whose tensors no family declares.
 *
 * Source: huggingface/transformers 5.23.0, the models' own code; compared with what
 * small models of each type held (tests/truth/every_cache.json)
 */
export const CACHING_KIN: Readonly<Record<string, Partial<CacheCode>>> = {
  ...INDEXED,
  axk1: LATENT,
  axk2: LATENT,
  bailing_hybrid: {
    ...LATENT,
    ...byLayer((layer, text) =>
      (layer + 1) % numberOf(text, [["layer_group_size"], 6]) === 0
        ? "full_attention"
        : "linear_attention"
    ),
    state: (text) => {
      const size = [
        numberOf(text, [["linear_num_heads", "num_attention_heads"], 32]),
        numberOf(text, [["linear_head_dim", "head_dim"], 128]),
      ] as const;
      const kernel = numberOf(text, [
        ["linear_conv_kernel_dim", "short_conv_kernel_size"],
        4,
      ]);
      return deltaState(size, size, kernel);
    },
  },
  bark: UNKNOWN_CACHE,
  "bert-generation": WHERE_TOLD,
  big_bird: WHERE_TOLD,
  bigbird_pegasus: CROSSES,
  blenderbot: CROSSES,
  "blenderbot-small": CROSSES,
  blt: UNKNOWN_CACHE,
  camembert: WHERE_TOLD,
  canary: CROSSES,
  cohere_asr: CROSSES,
  "data2vec-text": WHERE_TOLD,
  dia_decoder: {
    ...CROSSES,
    tokens: (text, usual, { kind }) => {
      if (kind !== "cross") return usual;
      const heads = numberOf(text, [["cross_num_key_value_heads"], 16]);
      const each = heads * numberOf(text, [["cross_head_dim"], 128]);
      return { heads, keys: each, values: each };
    },
  },
  ernie: WHERE_TOLD,
  flaubert: NOTHING,
  fsmt: CROSSES,
  gemma4_assistant: UNKNOWN_CACHE,
  gemma4_unified_assistant: UNKNOWN_CACHE,
  glm5_next_text: {
    ...LATENT,
    ...byLayer((layer) =>
      layer % 4 === 3 ? "full_attention" : "linear_attention"
    ),
    state: (text) => {
      const size = [
        numberOf(text, [["linear_num_heads"], 64]),
        numberOf(text, [["linear_head_dim"], 128]),
      ] as const;
      const kernel = numberOf(text, [["linear_conv_kernel_dim"], 4]);
      return deltaState(size, size, kernel);
    },
    // Its indexer's keys, what they are weighed by, and whether a token is one.
    keeps: (_, usual) =>
      usual.map((part) =>
        part.kind === "latent" && part.indexer > 0
          ? { ...part, indexer: 2 * part.indexer + 1 }
          : part
      ),
  },
  // Heads part the hidden features, whatever head_dim says.
  glm4v_text: {
    tokens: (text, { heads }) => {
      const width = Math.floor(
        numberOf(text, [["hidden_size"], 4096]) /
          numberOf(text, [["num_attention_heads"], 32]),
      );
      return { keys: heads * width, values: heads * width };
    },
  },
  inkling_text: shortConvolutions(byLayer(localKind)),
  inkling2_text: shortConvolutions(byLayer(localKind)),
  led: CROSSES,
  lfm3: {
    ...convolutionOf(["conv_L_cache"], 7),
    ...byLayer((layer) =>
      layer % 4 === 2
        ? "full_attention"
        : layer % 4 === 0 && layer > 0
        ? "sliding_attention"
        : "linear_attention"
    ),
  },
  longt5: CROSSES,
  m2m_100: CROSSES,
  marian: CROSSES,
  "megatron-bert": WHERE_TOLD,
  moonshine: CROSSES,
  moonshine_streaming: CROSSES,
  musicgen_decoder: CROSSES,
  mvp: CROSSES,
  "nllb-moe": CROSSES,
  "openai-gpt": NOTHING,
  pegasus_x: CROSSES,
  pix2struct: CROSSES,
  pix2struct_text_model: CROSSES,
  plbart: CROSSES,
  pop2piano: CROSSES,
  prophetnet: CROSSES,
  qwen4_exp_text: {
    ...DELTA_STATE,
    ...byLayer((layer, text) =>
      (layer + 1) % numberOf(text, [["full_attention_interval"], 4]) === 0
        ? "full_attention"
        : "linear_attention"
    ),
    // Its indexer keeps a key of its own for each token.
    keeps: (text, usual, { kind }) => {
      const width = numberOf(text, [["indexer_kv_heads"], 0]) *
        numberOf(text, [["indexer_head_dim"], 0]);
      return kind !== "full_attention" || width === 0
        ? usual
        : [...usual, { kind: "full", heads: 1, keys: width, values: 0 }];
    },
  },
  reformer: UNKNOWN_CACHE,
  rembert: WHERE_TOLD,
  "roberta-prelayernorm": WHERE_TOLD,
  roc_bert: WHERE_TOLD,
  roformer: WHERE_TOLD,
  seamless_m4t: CROSSES,
  seamless_m4t_v2: CROSSES,
  speech_to_text: CROSSES,
  speecht5: CROSSES,
  switch_transformers: CROSSES,
  t5_gemma_module: CROSSES,
  t5gemma2_decoder: CROSSES,
  udop: CROSSES,
  // The prompt stays whole, and a window of what comes after it.
  unlimited_ocr_text: byLayer(() => "full_attention"),
  "xlm-roberta-xl": WHERE_TOLD,
  xlm: NOTHING,
  xlnet: UNKNOWN_CACHE,
  xlstm: { state: matrixMemory, ...byLayer(() => "linear_attention") },
  xmod: WHERE_TOLD,
  zaya: {
    state: delayedValues,
    ...byLayer(() => "hybrid"),
  },
};
