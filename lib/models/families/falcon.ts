import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { plainMlp, rotaryBuffers } from "./blocks_classic.ts";
import type { FusedLayout } from "./code/attention.ts";
import { NARROW_CLASSES, PLAIN_AND_TIED } from "./code/parts.ts";
import { numberOf } from "./code/setting.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * Falcon: attention beside the MLP, and three layouts of the fused qkv: one
 * head of keys and values (7B), groups (40B, 180B), or all heads (RW).
 *
 * Source: huggingface/transformers models/falcon/modeling_falcon.py
 */
export const falcon: Decoder = {
  prefix: "transformer",
  tied: true,
  body(config, scope) {
    const hidden = widthOf(config);
    const headDim = Math.floor(hidden / headsOf(config));
    const bias = config.flag("bias", false);
    scope.embedding("word_embeddings", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "h",
      allLayers(config.size("num_hidden_layers", "n_layer")),
    );
    layer.linear(
      "self_attention.query_key_value",
      hidden,
      fusedWidth(config, hidden, headDim),
      { role: "qkv", bias, cut: "column" },
    );
    layer.linear("self_attention.dense", hidden, hidden, {
      role: "o",
      bias,
      cut: "row",
    });
    plainMlp(
      layer.scope("mlp"),
      ["dense_h_to_4h", "dense_4h_to_h"],
      hidden,
      config.optional("ffn_hidden_size") ?? 4 * hidden,
      { bias },
    );
    norms(config, layer, hidden);
    scope.norm("ln_f", hidden, { bias: true });
    rotaryBuffers(scope, headDim);
  },
  head(config, scope) {
    scope.linear("lm_head", widthOf(config), config.size("vocab_size"), {
      role: "head",
      cut: "column",
    });
  },
};

function widthOf(config: ConfigReader): number {
  return config.size("n_embed", "hidden_size");
}

function headsOf(config: ConfigReader): number {
  return config.size("num_attention_heads", "n_head");
}

function fusedWidth(
  config: ConfigReader,
  hidden: number,
  headDim: number,
): number {
  const heads = headsOf(config);
  if (config.flag("new_decoder_architecture", false)) {
    const groups = config.optional("num_kv_heads") ?? heads;
    return (heads + 2 * groups) * headDim;
  }
  return config.flag("multi_query", true) ? hidden + 2 * headDim : 3 * hidden;
}

function norms(config: ConfigReader, layer: TensorScope, hidden: number): void {
  const norm = (name: string) => layer.norm(name, hidden, { bias: true });
  if (!config.flag("parallel_attn", true)) {
    norm("post_attention_layernorm");
    norm("input_layernorm");
    return;
  }
  const grouped = config.flag("new_decoder_architecture", false);
  const count = config.optional("num_ln_in_parallel_attn") ?? (grouped ? 2 : 1);
  if (count !== 2) return norm("input_layernorm");
  norm("ln_attn");
  norm("ln_mlp");
}

/** Source: huggingface/transformers models/falcon/modeling_falcon.py, FalconAttention._split_heads */
function layoutOf(config: Config): FusedLayout {
  if (config["new_decoder_architecture"] === true) return "grouped";
  return config["multi_query"] === false ? "slices" : "picked";
}

/** Falcon. */
export const FALCON_TYPES: FamilyTypes = {
  falcon: ofType(causal(falcon), NARROW_CLASSES, PLAIN_AND_TIED, {
    layer: {
      arrangement: (config) =>
        config["parallel_attn"] === false &&
          config["new_decoder_architecture"] !== true
          ? "pre"
          : "parallel",
      holdsNormed: true,
      addsInPlace: true,
    },
    attention: {
      wideSoftmax: false,
      fused: layoutOf,
      scalesInPlace: true,
      cachesCasts: false,
    },
    heads: { dropout: 0 },
    weights: { ownLinears: true },
    peft: { targets: ["query_key_value"] },
  }, {
    cache: {
      tokens: (text) => {
        const heads = numberOf(text, [["num_attention_heads", "n_head"], 71]);
        const own = text["new_decoder_architecture"] === true
          ? numberOf(text, [["num_kv_heads", "n_head_kv"], heads])
          : text["multi_query"] === false
          ? heads
          : 1;
        const each = own * numberOf(text, [["hidden_size"], 4544]) / heads;
        return { heads: own, keys: each, values: each };
      },
    },
  }),
};
