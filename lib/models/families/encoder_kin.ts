import { BART } from "./bart.ts";
import { BERT } from "./bert.ts";
import { CACHING_KIN } from "./caching_kin.ts";
import type { EncoderCode } from "./code/encoder.ts";
import { MASKED_HEADS, UNTURNED } from "./code/parts.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofHeaders, ofHeadersWith } from "./family.ts";

/**
 * MPNet: BERT with positions as RoBERTa counts them, and biases by distance that
 * it adds in code of its own.
 *
 * Source: huggingface/transformers models/mpnet/modeling_mpnet.py
 */
const MPNET: EncoderCode = {
  ...BERT,
  bias: "every sequence",
  dropsAttended: true,
  ownPositions: true,
  kernels: "eager",
  checkpoints: false,
};

/**
 * M2M-100 and NLLB: mBART without norms of embeddings, and with waves of positions.
 *
 * Source: huggingface/transformers models/m2m_100/modeling_m2m_100.py
 */
const M2M_100: EncoderCode = {
  ...BART,
  norms: "before",
  activation: [["activation_function"], "relu"],
  dropout: { ...BART.dropout, attention: [["attention_dropout"], 0.1] },
  scaledEmbeddings: "by config",
  waves: true,
};

/**
 * Marian, which the OPUS-MT models are: BART without norms of embeddings.
 *
 * Source: huggingface/transformers models/marian/modeling_marian.py
 */
const MARIAN: EncoderCode = { ...BART, frozen: /embed_positions\.weight$/ };

/**
 * BERT's layers with llama's names and rotation: Nomic's, Jina's and Alibaba's
 * embedding models.
 *
 * Source: huggingface/transformers models/nomic_bert/modeling_nomic_bert.py
 */
const JINA: EncoderCode = {
  ...BERT,
  rotary: "their own type",
  holdsAttended: true,
};
const NOMIC: EncoderCode = {
  ...JINA,
  activation: [["hidden_act"], "silu"],
  dropout: {
    ...BERT.dropout,
    attention: [["attention_probs_dropout_prob"], 0],
    residual: [["hidden_dropout_prob"], 0],
  },
};
const GTE: EncoderCode = {
  ...JINA,
  dropout: {
    ...BERT.dropout,
    attention: [["attention_probs_dropout_prob"], 0],
    mlp: [["hidden_dropout_prob"], 0.1],
  },
};

const ROBERTA: EncoderCode = { ...BERT, ownPositions: true };

/**
 * ESM-2: encoders of proteins, with rotation in fp32 and GELU written out.
 *
 * Source: huggingface/transformers models/esm/modeling_esm.py
 */
const ESM: EncoderCode = {
  ...BERT,
  norms: "before",
  activation: [[], "gelu_erf"],
  rotary: "fp32",
  scalesQueries: true,
  masksEmbeddings: "where there is one",
  dropsMasked: true,
  ownPositions: true,
  unread: /(^|\.)contact_head\./,
};

/**
 * EuroBERT: llama's layers without a causal mask, and words that were masked.
 *
 * Source: huggingface/transformers models/eurobert/modeling_eurobert.py
 */
const EUROBERT: EncoderCode = {
  ...BERT,
  norms: "before",
  norm: "rms",
  activation: [["hidden_act"], "silu"],
  dropout: {
    attention: [["attention_dropout"], 0],
    residual: [[], 0],
    mlp: [[], 0],
    spans: [[], 0],
  },
  rotary: "their own type",
  wideSoftmax: true,
  pooling: [["classifier_pooling"], "late"],
  copies: "float",
};

/** Waves of the positions of both stacks. */
const waves: Family = (config, scope) => {
  const width = config.size("d_model", "hidden_size");
  const rows = (config.optional("max_position_embeddings") ?? 1024) + 2;
  for (const stack of ["encoder", "decoder"]) {
    const name = `model.${stack}.embed_positions.weights`;
    scope.buffer(name, [rows, width], "as weights");
  }
};

const PLBART: EncoderCode = {
  ...BART,
  dropout: { ...BART.dropout, attention: [["attention_dropout"], 0.1] },
};

/** What is added to each row of logits. */
const offset: Family = (config, scope) => {
  const rows = config.optional("decoder_vocab_size") ??
    config.size("vocab_size");
  scope.buffer("final_logits_bias", [1, rows], "as weights");
};

/** Encoders that formulas count, and how their code runs. */
export const ENCODER_KIN: FamilyTypes = {
  mpnet: ofHeaders(MASKED_HEADS, UNTURNED, { encoder: MPNET }),
  m2m_100: ofHeadersWith(waves, UNTURNED, {
    cache: CACHING_KIN["m2m_100"] ?? {},
    encoder: M2M_100,
  }),
  marian: ofHeadersWith(offset, UNTURNED, {
    cache: CACHING_KIN["marian"] ?? {},
    encoder: MARIAN,
  }),
  nomic_bert: ofHeaders(MASKED_HEADS, { encoder: NOMIC }),
  // Models that hear, whose step without sound is their language model's.
  // Its positions stay in fp32: _keep_in_fp32_modules_strict.
  voxtral: ofHeaders({
    cache: CACHING_KIN["voxtral"] ?? {},
    weights: { wide: /(^|\.)embed_positions\.weight$/ },
  }),
  audioflamingo3: ofHeaders({ cache: CACHING_KIN["audioflamingo3"] ?? {} }),
  gte: ofHeaders(MASKED_HEADS, { encoder: GTE }),
  jina_embeddings_v3: ofHeaders(MASKED_HEADS, { encoder: JINA }),
  ernie: ofHeaders(MASKED_HEADS, UNTURNED, { encoder: BERT }),
  "xlm-roberta-xl": ofHeaders(MASKED_HEADS, UNTURNED, {
    encoder: { ...ROBERTA, norms: "before" },
  }),
  "roberta-prelayernorm": ofHeaders(MASKED_HEADS, UNTURNED, {
    encoder: { ...ROBERTA, norms: "before" },
  }),
  "data2vec-text": ofHeaders(MASKED_HEADS, UNTURNED, { encoder: ROBERTA }),
  "megatron-bert": ofHeaders(MASKED_HEADS, UNTURNED, {
    encoder: { ...BERT, norms: "before", kernels: "eager" },
  }),
  esm: ofHeaders(MASKED_HEADS, { encoder: ESM }),
  eurobert: ofHeaders(MASKED_HEADS, { encoder: EUROBERT }),
  blenderbot: ofHeadersWith(offset, UNTURNED, {
    cache: CACHING_KIN["blenderbot"] ?? {},
    encoder: { ...BART, norms: "before" },
  }),
  "blenderbot-small": ofHeadersWith(offset, UNTURNED, {
    cache: CACHING_KIN["blenderbot-small"] ?? {},
    encoder: BART,
  }),
  plbart: ofHeadersWith(offset, UNTURNED, {
    cache: CACHING_KIN["plbart"] ?? {},
    encoder: PLBART,
  }),
  mvp: ofHeadersWith(offset, UNTURNED, {
    cache: CACHING_KIN["mvp"] ?? {},
    encoder: BART,
  }),
};
