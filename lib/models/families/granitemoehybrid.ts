import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { attentionTensors, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { expertTensors } from "./blocks_dense.ts";
import { attends, layerKindsOf, someLayers } from "./blocks_recent.ts";
import { cachesStates, MULTIPLIED, STACKED } from "./code/parts.ts";
import { mixing } from "./code/state_space.ts";
import { mamba2State } from "./code/states.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";
import { headedMixer } from "./mamba2.ts";

/**
 * Granite 4: Mamba-2 layers, some of attention instead, and in each a shared
 * MLP, beside experts where the config has any.
 *
 * Source: huggingface/transformers
 * models/granitemoehybrid/modeling_granitemoehybrid.py
 */
export const graniteMoeHybrid: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    const kinds = layerKindsOf(
      config,
      config.has("layer_types") ? "layer_types" : "layers_block_type",
      () => "mamba",
    );
    const isFull = (layer: number) => attends(kinds(layer));
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const bias = config.flag("attention_bias", false);
    someLayers(
      config,
      scope,
      isFull,
      (layer) => attentionTensors(layer, heads, { bias }),
    );
    someLayers(
      config,
      scope,
      (layer) => !isFull(layer),
      (layer) => mixer(config, layer.scope("mamba"), hidden),
    );
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    feedForward(config, layer, hidden);
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    scope.norm("norm", hidden);
    // Most of them know no positions.
    if (config.text("position_embedding_type", "") === "rope") {
      rotaryBuffers(scope, heads.headDim);
    }
  },
};

function feedForward(
  config: ConfigReader,
  layer: TensorScope,
  hidden: number,
): void {
  if ((config.optional("num_local_experts", "num_experts") ?? 8) > 0) {
    expertTensors({ name: "block_sparse_moe", router: "router" })(
      config,
      layer,
      hidden,
    );
  }
  const shared = config.size("shared_intermediate_size");
  const at = layer.scope("shared_mlp");
  at.linear("input_linear", hidden, 2 * shared, {
    role: "gate_up",
    cut: "column",
  });
  at.linear("output_linear", shared, hidden, { role: "down", cut: "row" });
}

function mixer(config: ConfigReader, at: TensorScope, hidden: number): void {
  headedMixer(at, {
    hidden,
    inner: (config.optional("mamba_expand") ?? 2) * hidden,
    heads: config.optional("mamba_n_heads") ?? 128,
    groups: config.optional("mamba_n_groups") ?? 1,
    state: config.optional("mamba_d_state") ?? 256,
    kernel: config.optional("mamba_d_conv") ?? 4,
    bias: config.flag("mamba_proj_bias", false),
    convBias: config.flag("mamba_conv_bias", true),
  });
}

/** Granite 4. */
export const GRANITE_HYBRID_TYPES: FamilyTypes = {
  granitemoehybrid: ofType(
    causal(graniteMoeHybrid),
    MULTIPLIED,
    STACKED,
    {
      rotary: {
        kind: (config) =>
          config["position_embedding_type"] === "rope" ? "whole" : "none",
      },
      stateSpace: mixing("headed"),
    },
    cachesStates(mamba2State({
      heads: [["mamba_n_heads"], 128],
      width: null,
      expand: [["mamba_expand"], 2],
      groups: [["mamba_n_groups"], 1],
      kernel: [["mamba_d_conv"], 4],
      state: [["mamba_d_state"], 256],
    })),
  ),
};
