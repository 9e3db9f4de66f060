import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { inLayers, rotaryBuffers } from "./blocks_classic.ts";
import { byLayer } from "./code/cache.ts";
import { turnedInPart } from "./code/parts.ts";
import { mixing } from "./code/state_space.ts";
import { mamba2State } from "./code/states.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";
import { headedMixer } from "./mamba2.ts";

/**
 * Bamba: Mamba-2 layers, some of attention instead, a gated MLP in each.
 *
 * Source: huggingface/transformers models/bamba/modeling_bamba.py
 */
export const bamba: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    const count = config.size("num_hidden_layers");
    const attends = new Set(config.numbers("attn_layer_indices"));
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers("layers", allLayers(count));
    gatedMlp(layer, hidden, config.size("intermediate_size"), {
      bias: config.flag("mlp_bias", false),
      name: "feed_forward",
    });
    layer.norm("input_layernorm", hidden);
    layer.norm("pre_ff_layernorm", hidden);
    const mixers = layersWhere(count, (at) => !attends.has(at));
    inLayers(scope, "layers", mixers, (layer) => mixer(config, layer));
    const attentions = layersWhere(count, (at) => attends.has(at));
    const bias = config.flag("attention_bias", false);
    inLayers(
      scope,
      "layers",
      attentions,
      (layer) => attentionTensors(layer, heads, { bias }),
    );
    scope.norm("final_layernorm", hidden);
    // Half of a head rotates whatever the config says outside of these.
    const share = config.inner("rope_parameters").number(
      "partial_rotary_factor",
      0.5,
    );
    rotaryBuffers(scope, Math.floor(heads.headDim * share));
  },
};

function mixer(config: ConfigReader, layer: TensorScope): void {
  const hidden = config.size("hidden_size");
  headedMixer(layer.scope("mamba"), {
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

/** Bamba. */
export const BAMBA_TYPES: FamilyTypes = {
  bamba: ofType(causal(bamba), turnedInPart(0.5), {
    stateSpace: mixing("headed"),
  }, {
    cache: {
      ...mamba2State({
        heads: [["mamba_n_heads"], 128],
        width: null,
        expand: [["mamba_expand"], 2],
        groups: [["mamba_n_groups"], 1],
        kernel: [["mamba_d_conv"], 4],
        state: [["mamba_d_state"], 256],
      }),
      ...byLayer((layer, text) => {
        const full = text["attn_layer_indices"];
        return Array.isArray(full) && full.includes(layer)
          ? "full_attention"
          : "linear_attention";
      }),
    },
  }),
};
