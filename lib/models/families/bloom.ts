import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import { plainMlp } from "./blocks_classic.ts";
import { NARROW_CLASSES, PLAIN_AND_TIED, UNTURNED } from "./code/parts.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * BLOOM: a fused qkv, ALiBi instead of positions, and a norm on the embedding.
 *
 * Source: huggingface/transformers models/bloom/modeling_bloom.py
 */
export const bloom: Decoder = {
  prefix: "transformer",
  tied: true,
  body(config, scope) {
    const hidden = widthOf(config);
    scope.embedding("word_embeddings", config.size("vocab_size"), hidden);
    scope.norm("word_embeddings_layernorm", hidden, { bias: true });
    const layer = scope.layers(
      "h",
      allLayers(config.size("n_layer", "num_hidden_layers")),
    );
    layer.norm("input_layernorm", hidden, { bias: true });
    layer.linear("self_attention.query_key_value", hidden, 3 * hidden, {
      role: "qkv",
      bias: true,
      cut: "column",
    });
    layer.linear("self_attention.dense", hidden, hidden, {
      role: "o",
      bias: true,
      cut: "row",
    });
    layer.norm("post_attention_layernorm", hidden, { bias: true });
    plainMlp(
      layer.scope("mlp"),
      ["dense_h_to_4h", "dense_4h_to_h"],
      hidden,
      4 * hidden,
      { bias: true },
    );
    scope.norm("ln_f", hidden, { bias: true });
  },
  head(config, scope) {
    scope.linear("lm_head", widthOf(config), config.size("vocab_size"), {
      role: "head",
      cut: "column",
    });
  },
};

/** `n_embed`, as older configs name the width, comes before the newer name. */
function widthOf(config: ConfigReader): number {
  return config.size("n_embed", "hidden_size");
}

/** BLOOM. */
export const BLOOM_TYPES: FamilyTypes = {
  bloom: ofType(causal(bloom), NARROW_CLASSES, PLAIN_AND_TIED, UNTURNED, {
    heads: { dropout: 0 },
    peft: { targets: ["query_key_value"] },
  }),
};
