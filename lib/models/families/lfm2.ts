import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import type { HeadSizes } from "./blocks.ts";
import { attentionTensors, headsOf } from "./blocks.ts";
import { expertTensors } from "./blocks_dense.ts";
import { attends, layerKindsOf, someLayers } from "./blocks_recent.ts";
import { byLayer } from "./code/cache.ts";
import type { CodeParts } from "./code/code.ts";
import { numberOf } from "./code/setting.ts";
import { mixing } from "./code/state_space.ts";
import type { Decoder, Family, FamilyTypes } from "./family.ts";
import { headOf, ofType } from "./family.ts";

/**
 * LFM2: short convolutions with attention in some layers, and a gated MLP.
 *
 * Source: huggingface/transformers models/lfm2/modeling_lfm2.py
 */
export const lfm2 = decoder("rotary_emb", (config, scope, hidden) => {
  const layers = allLayers(config.size("num_hidden_layers"));
  gated(scope.layers("layers", layers), hidden, adjustedWidth(config));
});

/**
 * LFM2 with experts after the first layers.
 *
 * Source: huggingface/transformers models/lfm2_moe/modeling_lfm2_moe.py
 */
export const lfm2Moe = decoder("pos_emb", (config, scope, hidden) => {
  const dense = config.optional("num_dense_layers") ?? 2;
  someLayers(config, scope, (at) => at < dense, (layer) => {
    gated(layer, hidden, config.size("intermediate_size"));
  });
  const isBiased = config.flag("use_expert_bias", true);
  const routed = expertTensors({
    name: "feed_forward",
    countKeys: ["num_experts", "num_local_experts"],
    widthKeys: ["moe_intermediate_size"],
    ...(isBiased ? { correction: "expert_bias" } : {}),
  });
  someLayers(
    config,
    scope,
    (at) => at >= dense,
    (layer) => routed(config, layer, hidden),
  );
});

/** An LFM2 as a causal model, whose first configs name the tie otherwise. */
export function liquid(model: Decoder): Family {
  return (config, scope) => {
    model.body(config, scope.scope(model.prefix));
    headOf(model, config, scope, isTied(config));
  };
}

function isTied(config: ConfigReader): boolean {
  const tied = config.flag("tie_word_embeddings", true);
  return config.flag("tie_embedding", tied);
}

function decoder(
  rope: string,
  feedForward: (
    config: ConfigReader,
    scope: TensorScope,
    hidden: number,
  ) => void,
): Decoder {
  return {
    prefix: "model",
    tied: true,
    body(config, scope) {
      const heads = headsOf(config);
      const { hidden } = heads;
      const attending = config.numbers("full_attn_idxs");
      const isListed = config.has("full_attn_idxs");
      const kinds = layerKindsOf(
        config,
        "layer_types",
        (layer) =>
          !isListed || attending.includes(layer) ? "full_attention" : "conv",
      );
      const isFull = (layer: number) => attends(kinds(layer));
      scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
      someLayers(config, scope, isFull, (layer) => attend(layer, heads));
      someLayers(
        config,
        scope,
        (layer) => !isFull(layer),
        (layer) => convolve(config, layer.scope("conv"), hidden),
      );
      feedForward(config, scope, hidden);
      const layer = scope.layers(
        "layers",
        allLayers(config.size("num_hidden_layers")),
      );
      layer.norm("operator_norm", hidden);
      layer.norm("ffn_norm", hidden);
      scope.norm("embedding_norm", hidden);
      const frequencies = Math.ceil(heads.headDim / 2);
      scope.buffer(`${rope}.inv_freq`, [frequencies], 4);
      scope.buffer(`${rope}.original_inv_freq`, [frequencies], 4);
    },
  };
}

function attend(layer: TensorScope, heads: HeadSizes): void {
  attentionTensors(layer, heads, { output: "out_proj" });
  layer.norm("self_attn.q_layernorm", heads.headDim);
  layer.norm("self_attn.k_layernorm", heads.headDim);
}

function convolve(config: ConfigReader, at: TensorScope, hidden: number): void {
  const bias = config.flag("conv_bias", false);
  const kernel = config.optional("conv_L_cache") ?? 3;
  at.conv("conv", [hidden, 1, kernel], { bias });
  at.linear("in_proj", hidden, 3 * hidden, {
    role: "ssm",
    bias,
    cut: "column",
  });
  at.linear("out_proj", hidden, hidden, { role: "ssm", bias, cut: "row" });
}

function gated(layer: TensorScope, hidden: number, width: number): void {
  const at = layer.scope("feed_forward");
  at.linear("w1", hidden, width, { role: "gate", cut: "column" });
  at.linear("w3", hidden, width, { role: "up", cut: "column" });
  at.linear("w2", width, hidden, { role: "down", cut: "row" });
}

/** The MLP's width: two thirds of what the config says, rounded up. */
function adjustedWidth(config: ConfigReader): number {
  const said = config.optional("block_ff_dim") ??
    config.size("intermediate_size");
  if (!config.flag("block_auto_adjust_ff_dim", true)) return said;
  const factor = Math.max(0, config.number("block_ffn_dim_multiplier", 1));
  const width = Math.trunc(factor * Math.trunc(2 * said / 3));
  const step = config.optional("block_multiple_of") || 256;
  return step * Math.ceil(width / step);
}

/** Short convolutions where there is no attention. */
export const LFM2: CodeParts = {
  stateSpace: mixing("convolution"),
  cache: {
    state: (text) => ({
      kind: "state",
      of: "convolution",
      convolution: [
        numberOf(text, [["hidden_size"], 0]),
        numberOf(text, [["conv_L_cache"], 3]),
      ],
      state: null,
      isWide: false,
      others: [],
    }),
    ...byLayer((layer, text) => {
      const full = text["full_attn_idxs"];
      return Array.isArray(full) && !full.includes(layer)
        ? "linear_attention"
        : "full_attention";
    }),
  },
};

/** The types of this file. */
export const LFM2_TYPES: FamilyTypes = {
  lfm2: ofType(liquid(lfm2), LFM2),
  lfm2_moe: ofType(liquid(lfm2Moe), LFM2, { routing: { plain: true } }),
};
