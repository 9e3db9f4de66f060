import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import type { Family, FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";

/**
 * ChatGLM 1 to 3 and GLM-4-9B as first released, told apart by the names that
 * the first gave its fields.
 *
 * Source: the code beside the weights of THUDM/chatglm3-6b and of
 * THUDM/chatglm-6b, which is not in transformers: the totals are
 * checked, the names are not.
 */
export const chatglm: Family = (config, scope) => {
  if (config.has("inner_hidden_size")) first(config, scope);
  else later(config, scope);
};

/** ChatGLM 2 and 3, GLM-4-9B: grouped heads and a gated MLP as one matrix. */
function later(config: ConfigReader, scope: TensorScope): void {
  const hidden = config.size("hidden_size");
  const heads = config.size("num_attention_heads");
  const headDim = config.optional("kv_channels") ?? Math.floor(hidden / heads);
  const groups = config.flag("multi_query_attention", false)
    ? config.size("multi_query_group_num")
    : heads;
  const bias = config.flag("add_bias_linear", false);
  const norm = { bias: !config.flag("rmsnorm", true) };
  const vocabulary = config.size("padded_vocab_size", "vocab_size");
  const body = scope.scope("transformer");
  body.embedding("embedding.word_embeddings", vocabulary, hidden);
  // In the model's type: half of half a head is rotated in pairs.
  body.buffer("rotary_pos_emb.inv_freq", [Math.ceil(headDim / 4)], 2);
  const encoder = body.scope("encoder");
  const layer = encoder.layers("layers", layersOf(config));
  layer.norm("input_layernorm", hidden, norm);
  block(layer, hidden, {
    attention: "self_attention",
    queries: heads * headDim,
    fused: (heads + 2 * groups) * headDim,
    queryBias: bias || config.flag("add_qkv_bias", false),
    bias,
    gated: true,
    width: config.size("ffn_hidden_size"),
  });
  layer.norm("post_attention_layernorm", hidden, norm);
  if (config.flag("post_layer_norm", true)) {
    encoder.norm("final_layernorm", hidden, norm);
  }
  if (config.flag("tie_word_embeddings", false)) return;
  const head = { role: "head", cut: "column" } as const;
  body.linear("output_layer", hidden, vocabulary, head);
}

/** ChatGLM-6B: biases everywhere, an MLP without a gate, a tied head. */
function first(config: ConfigReader, scope: TensorScope): void {
  const hidden = config.size("hidden_size");
  const vocabulary = config.size("vocab_size");
  const body = scope.scope("transformer");
  body.embedding("word_embeddings", vocabulary, hidden);
  const layer = body.layers("layers", layersOf(config));
  layer.norm("input_layernorm", hidden, { bias: true });
  block(layer, hidden, {
    attention: "attention",
    queries: hidden,
    fused: 3 * hidden,
    queryBias: true,
    bias: true,
    gated: false,
    width: config.size("inner_hidden_size"),
  });
  layer.norm("post_attention_layernorm", hidden, { bias: true });
  body.norm("final_layernorm", hidden, { bias: true });
  if (config.flag("tie_word_embeddings", true)) return;
  const head = { role: "head", cut: "column" } as const;
  scope.linear("lm_head", hidden, vocabulary, head);
}

function layersOf(config: ConfigReader) {
  return allLayers(config.size("num_layers", "num_hidden_layers"));
}

/** Attention and MLP, which both keep what they can in one matrix. */
function block(
  layer: TensorScope,
  hidden: number,
  { attention, queries, fused, queryBias, bias, gated, width }: {
    attention: string;
    queries: number;
    fused: number;
    queryBias: boolean;
    bias: boolean;
    gated: boolean;
    width: number;
  },
): void {
  const at = layer.scope(attention);
  const column = "column";
  at.linear("query_key_value", hidden, fused, {
    role: "qkv",
    bias: queryBias,
    cut: column,
  });
  at.linear("dense", queries, hidden, { role: "o", bias, cut: "row" });
  const mlp = layer.scope("mlp");
  mlp.linear("dense_h_to_4h", hidden, gated ? 2 * width : width, {
    role: gated ? "gate_up" : "up",
    bias,
    cut: column,
  });
  mlp.linear("dense_4h_to_h", width, hidden, {
    role: "down",
    bias,
    cut: "row",
  });
}

/** ChatGLM, which transformers has not. */
export const CHATGLM_TYPES: FamilyTypes = {
  chatglm: ofType(chatglm, { peft: { targets: ["query_key_value"] } }),
};
