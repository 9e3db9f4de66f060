import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import type { HeadSizes } from "./blocks.ts";
import { attentionTensors, gatedMlp } from "./blocks.ts";
import { CACHING_KIN } from "./caching_kin.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import { ConfigWithDefaults } from "./config_with_defaults.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofClasses } from "./family.ts";

/** Groups of bytes whose hashes have embeddings, where a config does not say. */
const GROUPS = [3, 4, 5, 6, 7, 8];

/**
 * BLT: bytes become patches, which a decoder reads, and bytes again; a model of its
 * own says where patches end.
 *
 * Source: huggingface/transformers models/blt/modeling_blt.py
 */
const blt: Family = (config, scope) => {
  const [named = ""] = config.texts("architectures");
  const isBody = named === "BltModel";
  const model = isBody ? scope : scope.scope("model");
  const part = (key: string, usual: Readonly<Record<string, number>>) =>
    new ConfigWithDefaults(config.inner(key), usual, `model.config.${key}`);
  const patcher = part("patcher_config", {
    vocab_size: 260,
    hidden_size: 768,
    num_hidden_layers: 14,
    num_attention_heads: 12,
    intermediate_size: 2048,
  });
  const ends = { vocab_size: 260, hidden_size: 1024, num_attention_heads: 16 };
  const encoder = part("encoder_config", { ...ends, num_hidden_layers: 1 });
  const decoder = part("decoder_config", {
    ...ends,
    num_hidden_layers: 9,
    intermediate_size: 2816,
  });
  const whole = part("global_config", {
    hidden_size: 2048,
    num_attention_heads: 16,
    num_hidden_layers: 25,
    intermediate_size: 5632,
  });
  const width = encoder.size("hidden_size");
  const bytes = decoder.size("hidden_size");
  const first = model.scope("local_encoder");
  stack(encoder, first);
  first.linear(
    "patch_embedding_projection",
    width,
    width * crossings(encoder),
    { role: "other" },
  );
  const vocabulary = config.optional("vocab_size") ?? 260;
  // Tied, the first embedding becomes the head's matrix, whatever its own size is.
  const isTied = !isBody && config.flag("tie_word_embeddings", false);
  if (isTied) first.embedding("embed_tokens", vocabulary, bytes);
  else first.embedding("embed_tokens", encoder.size("vocab_size"), width);
  cross(encoder, first, false);
  const middle = model.scope("global_transformer");
  stack(whole, middle);
  const joined = width * crossings(config);
  const global = whole.size("hidden_size");
  if (joined !== global) {
    middle.linear("token_embedding_projection", joined, global, {
      role: "other",
    });
  }
  const last = model.scope("local_decoder");
  stack(decoder, last);
  last.linear(
    "patch_embedding_projection",
    decoder.optional("hidden_size_global") ?? 2048,
    bytes * crossings(decoder),
    { role: "other" },
  );
  last.norm("norm", bytes);
  cross(decoder, last, true);
  const stated = config.numbers("encoder_hash_byte_group_size");
  const groups = stated.length > 0 ? stated : GROUPS;
  const rows = (config.optional("encoder_hash_byte_group_vocab") ?? 500_002) *
    (config.optional("encoder_hash_byte_group_nb_functions") ?? 1) *
    groups.length;
  model.embedding("encoder_hash_tok_embedding", rows, width, "other");
  if (config.flag("patch_in_forward", true)) {
    patches(patcher, model.scope("patcher"));
  }
  if (isBody || isTied) return;
  scope.linear("lm_head", bytes, vocabulary, {
    role: "head",
    cut: "column",
  });
};

/** How many patches a byte's features become, and the other way round. */
function crossings(config: ConfigReader): number {
  return config.optional("cross_attn_k") ?? 2;
}

function headsOf(config: ConfigReader): HeadSizes {
  const hidden = config.size("hidden_size");
  const heads = config.size("num_attention_heads");
  // Zero is silence here.
  const kvHeads = config.optional("num_key_value_heads") || heads;
  return { hidden, heads, kvHeads, headDim: Math.floor(hidden / heads) };
}

function stack(config: ConfigReader, scope: TensorScope): void {
  const sizes = headsOf(config);
  const { hidden } = sizes;
  const layer = scope.layers(
    "layers",
    allLayers(config.size("num_hidden_layers")),
  );
  attentionTensors(layer, sizes);
  const usual = Math.floor(8 * hidden / 3);
  gatedMlp(layer, hidden, config.optional("intermediate_size") || usual);
  layer.norm("input_layernorm", hidden);
  layer.norm("post_attention_layernorm", hidden);
}

/** Attention between bytes and patches, in all layers or in one. */
function cross(
  config: ConfigReader,
  scope: TensorScope,
  usual: boolean,
): void {
  const sizes = headsOf(config);
  const isAll = config.flag("cross_attn_all_layers", usual);
  const layers = isAll ? config.size("num_hidden_layers") : 1;
  const at = scope.layers("cross_attn_layers", allLayers(layers));
  const { hidden, headDim } = sizes;
  const width = sizes.heads * headDim;
  const keys = sizes.kvHeads * headDim;
  const cut = "column";
  at.linear("q_proj", hidden, width, { role: "q", cut });
  at.linear("k_proj", hidden, keys, { role: "k", cut });
  at.linear("v_proj", hidden, keys, { role: "v", cut });
  at.linear("o_proj", width, hidden, { role: "o", cut: "row" });
  for (const name of ["q_norm", "k_norm"]) at.norm(name, hidden);
}

/** A small decoder, which is never trained with the rest. */
function patches(config: ConfigReader, scope: TensorScope): void {
  const hidden = config.size("hidden_size");
  const vocabulary = config.size("vocab_size");
  stack(config, scope);
  scope.embedding("embed_tokens", vocabulary, hidden, "other");
  scope.norm("norm", hidden);
  scope.linear("lm_head", hidden, vocabulary, { role: "other" });
}

/** The type of this file. */
export const BLT_TYPES: FamilyTypes = {
  blt: ofClasses(blt, {
    cache: CACHING_KIN["blt"] ?? {},
    unplayed: UNPLAYED,
    weights: { frozen: /(^|\.)patcher\./ },
  }),
};
