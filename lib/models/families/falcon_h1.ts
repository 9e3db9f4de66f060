import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { byLayer } from "./code/cache.ts";
import { mixing } from "./code/state_space.ts";
import { mamba2State } from "./code/states.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * Falcon-H1: attention and a Mamba-2 mixer side by side in every layer.
 *
 * Source: huggingface/transformers models/falcon_h1/modeling_falcon_h1.py
 */
export const falconH1: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    mixer(config, layer.scope("mamba"), hidden);
    attentionTensors(layer, heads, {
      bias: config.flag("attention_bias", false),
    });
    gatedMlp(layer, hidden, config.size("intermediate_size"), {
      name: "feed_forward",
      bias: config.flag("mlp_bias", false),
    });
    layer.norm("input_layernorm", hidden);
    layer.norm("pre_ff_layernorm", hidden);
    scope.norm("final_layernorm", hidden);
    rotaryBuffers(scope, heads.headDim);
  },
};

/** Mamba-2's mixer with biases of its own for each way, and rarely a norm. */
function mixer(config: ConfigReader, at: TensorScope, hidden: number): void {
  const role = "ssm";
  const inner = config.isNull("mamba_d_ssm")
    ? (config.optional("mamba_expand") ?? 2) * hidden
    : config.optional("mamba_d_ssm") ?? 1024;
  const heads = config.optional("mamba_n_heads") ?? 128;
  const states = (config.optional("mamba_n_groups") ?? 1) *
    (config.optional("mamba_d_state") ?? 256);
  const kernel = config.optional("mamba_d_conv") ?? 4;
  const projected = 2 * (inner + states) + heads;
  for (const name of ["dt_bias", "A_log", "D"]) {
    at.parameter(name, [heads], { role, split: 0 });
  }
  at.conv("conv1d", [inner + 2 * states, 1, kernel], {
    bias: config.flag("mamba_conv_bias", true),
  });
  at.linear("in_proj", hidden, projected, {
    role,
    bias: config.flag("mamba_proj_bias", false),
    cut: "column",
  });
  if (config.flag("mamba_rms_norm", false)) at.norm("norm", inner);
  at.linear("out_proj", inner, hidden, {
    role,
    bias: config.flag("projectors_bias", false),
    cut: "row",
  });
  at.buffer("mup_vector", [1, 1, projected], 4);
}

/** Falcon H1. */
export const FALCON_H1_TYPES: FamilyTypes = {
  falcon_h1: ofType(causal(falconH1), {
    attention: { scalesKeys: true },
    mlp: { isMultiplied: true },
    multiplies: { embeddings: true, logits: true },
    stateSpace: mixing("headed", { isMultiplied: true }),
  }, {
    cache: {
      ...mamba2State({
        heads: [["mamba_n_heads"], 128],
        width: null,
        inner: [["mamba_d_ssm"], 1024],
        expand: [["mamba_expand"], 2],
        groups: [["mamba_n_groups"], 1],
        kernel: [["mamba_d_conv"], 4],
        state: [["mamba_d_state"], 256],
      }),
      ...byLayer(() => "hybrid"),
    },
  }),
};
