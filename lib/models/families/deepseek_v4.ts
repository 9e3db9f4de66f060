import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp } from "./blocks.ts";
import { expertTensors } from "./blocks_dense.ts";
import type { Kinds } from "./blocks_recent.ts";
import { layerKindsOf, someLayers } from "./blocks_recent.ts";
import { pooled } from "./caching_pooled.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

const SPARSE = "compressed_sparse_attention";
const HEAVY = "heavily_compressed_attention";

/**
 * DeepSeek-V4: one key and value for all heads, compressed in most layers, and
 * several residual streams that learned weights mix.
 *
 * Source: huggingface/transformers models/deepseek_v4/modeling_deepseek_v4.py
 */
export const deepseekV4: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const hidden = config.size("hidden_size");
    const streams = config.optional("hc_mult") ?? 4;
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const count = config.size("num_hidden_layers");
    const layer = scope.layers("layers", allLayers(count));
    attention(config, layer.scope("self_attn"), hidden);
    compressors(config, scope, hidden);
    feedForward(config, scope, layer);
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    for (const name of ["attn_hc", "ffn_hc"]) {
      mixing(layer.scope(name), ["fn", "base", "scale"], {
        weights: (2 + streams) * streams,
        inputs: streams * hidden,
        scales: 3,
      });
    }
    scope.norm("norm", hidden);
    mixing(scope.scope("hc_head"), ["hc_fn", "hc_base", "hc_scale"], {
      weights: streams,
      inputs: streams * hidden,
      scales: 1,
    });
    ropes(config, scope);
  },
};

function attention(
  config: ConfigReader,
  at: TensorScope,
  hidden: number,
): void {
  const heads = config.size("num_attention_heads");
  const headDim = config.size("head_dim");
  const queryRank = config.size("q_lora_rank");
  const groups = config.optional("o_groups") || 8;
  const outputs = groups * (config.optional("o_lora_rank") ?? 1024);
  at.parameter("sinks", [heads], { role: "attention", split: 0 });
  at.linear("q_a_proj", hidden, queryRank, { role: "q" });
  at.norm("q_a_norm", queryRank);
  at.linear("q_b_proj", queryRank, heads * headDim, {
    role: "q",
    cut: "column",
  });
  at.linear("kv_proj", hidden, headDim, { role: "attention" });
  at.norm("kv_norm", headDim);
  // Each group of heads has rows of its own.
  at.linear("o_a_proj", Math.floor(heads * headDim / groups), outputs, {
    role: "o",
    cut: "column",
  });
  at.linear("o_b_proj", outputs, hidden, { role: "o", cut: "row" });
}

/** What makes one key and value of many tokens', as the layer's kind says. */
function compressors(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
): void {
  const headDim = config.size("head_dim");
  const rates = config.inner("compress_rates");
  const kinds = layerKindsOf(config, "layer_types", usualKinds(config));
  const heavy = config.optional("compress_rate_hca") ??
    rates.optional(HEAVY) ?? 128;
  const sparse = config.optional("compress_rate_csa") ??
    rates.optional(SPARSE) ?? 4;
  someLayers(config, scope, (layer) => kinds(layer) === HEAVY, (layer) => {
    const at = layer.scope("self_attn.compressor");
    compressor(at, [hidden, headDim, headDim], heavy);
    ropes(config, at);
  });
  someLayers(config, scope, (layer) => kinds(layer) === SPARSE, (layer) => {
    const at = layer.scope("self_attn.compressor");
    compressor(at, [hidden, 2 * headDim, headDim], sparse);
    ropes(config, at);
    const indexer = at.scope("indexer");
    const indexDim = config.size("index_head_dim");
    const heads = config.size("index_n_heads");
    compressor(indexer, [hidden, 2 * indexDim, indexDim], sparse);
    indexer.linear("q_b_proj", config.size("q_lora_rank"), heads * indexDim, {
      role: "attention",
      cut: "column",
    });
    indexer.linear("scorer.weights_proj", hidden, heads, {
      role: "attention",
      cut: "column",
    });
    ropes(config, indexer);
  });
}

function compressor(
  at: TensorScope,
  [hidden, width, normed]: readonly [
    hidden: number,
    width: number,
    normed: number,
  ],
  rate: number,
): void {
  const role = "attention";
  at.parameter("position_bias", [rate, width], { role });
  at.linear("kv_proj", hidden, width, { role });
  at.linear("gate_proj", hidden, width, { role });
  at.norm("kv_norm", normed);
}

function usualKinds(config: ConfigReader): Kinds {
  const ratios = config.numbers("compress_ratios");
  if (ratios.length > 0) {
    return (layer) =>
      ratios[layer] === 4 ? SPARSE : ratios[layer] === 128 ? HEAVY : "";
  }
  return (layer) => layer >= 2 && layer % 2 === 1 ? SPARSE : HEAVY;
}

/** Experts in every layer; the first ones route by a table of the tokens. */
function feedForward(
  config: ConfigReader,
  scope: TensorScope,
  layer: TensorScope,
): void {
  const hidden = config.size("hidden_size");
  const width = config.size("moe_intermediate_size");
  expertTensors({
    countKeys: ["n_routed_experts", "num_local_experts"],
    widthKeys: ["moe_intermediate_size"],
  })(config, layer, hidden);
  gatedMlp(layer, hidden, width, {
    name: "mlp.shared_experts",
    bias: config.flag("mlp_bias", false),
  });
  const hashed = config.optional("num_hash_layers") ?? 3;
  const kinds = layerKindsOf(
    config,
    "mlp_layer_types",
    (at) => at < hashed ? "hash_moe" : "moe",
  );
  const count = config.size("n_routed_experts", "num_local_experts");
  const each = config.optional("num_experts_per_tok") ?? 6;
  const isHashed = (at: number) => kinds(at) === "hash_moe";
  someLayers(config, scope, isHashed, (at) => {
    at.buffer("mlp.gate.tid2eid", [config.size("vocab_size"), each], 8);
  });
  someLayers(config, scope, (at) => !isHashed(at), (at) => {
    at.buffer("mlp.gate.e_score_correction_bias", [count], 4);
  });
}

function mixing(
  at: TensorScope,
  [matrix, base, scale]: readonly [string, string, string],
  { weights, inputs, scales }: {
    weights: number;
    inputs: number;
    scales: number;
  },
): void {
  at.parameter(matrix, [weights, inputs], { role: "other" });
  at.parameter(base, [weights], { role: "other" });
  at.parameter(scale, [scales], { role: "other" });
}

/** Two ropes wherever one is needed: for plain layers and compressed ones. */
function ropes(config: ConfigReader, at: TensorScope): void {
  const headDim = config.size("head_dim");
  const rotated = config.optional("qk_rope_head_dim") ??
    Math.floor(headDim * config.number("partial_rotary_factor", 0.125));
  for (const kind of ["main", "compress"]) {
    for (const name of ["inv_freq", "original_inv_freq"]) {
      at.buffer(`rotary_emb.${kind}_${name}`, [Math.ceil(rotated / 2)], 4);
    }
  }
}

/** DeepSeek-V4. */
export const DEEPSEEK_V4_TYPES: FamilyTypes = {
  deepseek_v4: ofType(causal(deepseekV4), {
    cache: { window: 128, keeps: pooled },
  }),
};
