import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { attentionTensors, headsOf } from "./blocks.ts";
import { rotaryBuffers, rotaryShare } from "./blocks_classic.ts";
import { expertTensors } from "./blocks_dense.ts";
import { layerKindsOf, someLayers } from "./blocks_recent.ts";
import { clipLayer, projectorLinears, sizeOr } from "./blocks_vision.ts";
import { byLayer } from "./code/cache.ts";
import type { CodeParts } from "./code/code.ts";
import { SHARED_FIRST } from "./code/parts.ts";
import { numberOf } from "./code/setting.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";
import { sensing } from "./recent_sight.ts";
import type { TowerFamily } from "./towers/tower.ts";
import { projector, tower } from "./vision_language.ts";

/**
 * MiniMax-M3: attention that some layers restrict to blocks which an indexer
 * picks, and experts with a shared one.
 *
 * Source: huggingface/transformers
 * models/minimax_m3_vl/modeling_minimax_m3_vl.py
 */
export const minimaxM3Text: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden, headDim } = heads;
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    attentionTensors(layer, heads);
    layer.norm("self_attn.q_norm", headDim);
    layer.norm("self_attn.k_norm", headDim);
    const picked = config.inner("sparse_attention_config");
    const freq = picked.numbers("sparse_attention_freq");
    const kinds = layerKindsOf(
      config,
      "layer_types",
      (at) => freq[at] ? "minimax_m3_sparse" : "full_attention",
    );
    someLayers(
      config,
      scope,
      (at) => kinds(at) === "minimax_m3_sparse",
      (at) => indexer(config, at.scope("self_attn.indexer"), hidden),
    );
    feedForward(config, scope, hidden);
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    scope.norm("norm", hidden);
    const share = rotaryShare(config, "partial_rotary_factor", 1);
    rotaryBuffers(scope, Math.floor(headDim * share));
  },
};

function indexer(config: ConfigReader, at: TensorScope, hidden: number): void {
  const old = config.inner("sparse_attention_config");
  const heads = old.optional("sparse_num_index_heads") ??
    config.optional("index_n_heads") ?? 4;
  const headDim = old.optional("sparse_index_dim") ??
    config.optional("index_head_dim") ?? 128;
  const role = "attention";
  at.linear("q_proj", hidden, heads * headDim, { role, cut: "column" });
  at.linear("k_proj", hidden, headDim, { role });
  at.norm("q_norm", headDim);
  at.norm("k_norm", headDim);
}

function feedForward(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
): void {
  const freq = config.numbers("moe_layer_freq");
  const kinds = layerKindsOf(
    config,
    "mlp_layer_types",
    (layer) => freq[layer] === 0 ? "dense" : "sparse",
  );
  const isSparse = (layer: number) => kinds(layer) === "sparse";
  someLayers(config, scope, (layer) => !isSparse(layer), (layer) => {
    fusedMlp(
      layer.scope("mlp"),
      hidden,
      config.size("dense_intermediate_size"),
    );
  });
  someLayers(config, scope, isSparse, (layer) => {
    expertTensors({ correction: "gate.e_score_correction_bias" })(
      config,
      layer,
      hidden,
    );
    fusedMlp(
      layer.scope("mlp.shared_experts"),
      hidden,
      config.size("shared_intermediate_size"),
    );
  });
}

function fusedMlp(at: TensorScope, hidden: number, width: number): void {
  at.linear("gate_up_proj", hidden, 2 * width, {
    role: "gate_up",
    cut: "column",
  });
  at.linear("down_proj", width, hidden, { role: "down", cut: "row" });
}

const vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1280);
  const patch = sizeOr(config, "patch_size", 14);
  scope.conv("embeddings.proj", [
    width,
    sizeOr(config, "num_channels", 3),
    sizeOr(config, "temporal_patch_size", 2),
    patch,
    patch,
  ]);
  scope.norm("pre_layrnorm", width, { bias: true });
  clipLayer(
    scope.layers("layers", allLayers(sizeOr(config, "num_hidden_layers", 32))),
    width,
    sizeOr(config, "intermediate_size", 5120),
  );
  // A third of a head turns with each of time, height and width.
  const heads = sizeOr(config, "num_attention_heads", 16) || 1;
  const pairs = Math.floor(Math.floor(width / heads) / 6);
  scope.buffer("rotary_emb.inv_freq", [pairs], 4);
  scope.buffer("rotary_emb.original_inv_freq", [pairs], 4);
};

/** MiniMax-M3 with its vision transformer and two projections. */
export const minimaxM3 = sensing({
  decoder: minimaxM3Text,
  defaults: {
    vocab_size: 200_064,
    hidden_size: 6_144,
    intermediate_size: 3_072,
    num_hidden_layers: 60,
    num_attention_heads: 64,
    num_key_value_heads: 4,
    head_dim: 128,
    num_local_experts: 128,
    dense_intermediate_size: 12_288,
    shared_intermediate_size: 3_072,
  },
  either: true,
  sight({ config, vision: seen, hidden }, scope) {
    tower(vision, seen, scope);
    const at = projector(scope);
    const wide = sizeOr(config, "projector_hidden_size", 6144);
    projectorLinears(at, {
      inputs: sizeOr(seen, "hidden_size", 1280),
      hidden: wide,
      outputs: hidden,
    });
    const merged = hidden * sizeOr(seen, "spatial_merge_size", 2) ** 2;
    at.linear("merge_linear_1", merged, wide, {
      role: "projector",
      bias: true,
    });
    at.linear("merge_linear_2", wide, hidden, {
      role: "projector",
      bias: true,
    });
  },
});

/** Layers with an indexer keep a key of its own for each token. */
const INDEXED: CodeParts = {
  cache: {
    ...byLayer(() => "full_attention"),
    keeps: (text, usual, { layer, name }) => {
      const stated = text["sparse_attention_config"];
      const sparse = typeof stated === "object" && stated !== null
        ? stated as Config
        : {};
      const turns = sparse["sparse_attention_freq"];
      const isSparse = name === null
        ? Array.isArray(turns) && Boolean(turns[layer])
        : name === "minimax_m3_sparse";
      const width = numberOf(sparse, [
        ["sparse_index_dim"],
        numberOf(text, [["index_head_dim"], 128]),
      ]);
      return isSparse
        ? [...usual, { kind: "full", heads: 1, keys: width, values: 0 }]
        : usual;
    },
  },
};

/** MiniMax-M3 and its text part. */
export const MINIMAX_M3_TYPES: FamilyTypes = {
  minimax_m3_vl: ofType(minimaxM3, INDEXED, SHARED_FIRST),
  minimax_m3_vl_text: ofType(causal(minimaxM3Text), INDEXED, SHARED_FIRST),
};
