import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp } from "./blocks.ts";
import {
  attends,
  latentAttentionTensors,
  latentOf,
  layerKindsOf,
  neverTied,
  someLayers,
  sparseLayers,
} from "./blocks_recent.ts";
import { CACHING_KIN } from "./caching_kin.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { kimiExperts } from "./kimi_linear.ts";

/**
 * Ling 3: five layers of Kimi's delta attention, whose gates have a full rank,
 * for one of latent attention with a gate for each head.
 *
 * Source: huggingface/transformers
 * models/bailing_hybrid/modeling_bailing_hybrid.py
 */
const bailingHybrid: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const sizes = latentOf(config);
    const { hidden, heads } = sizes;
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const group = Math.max(1, config.optional("layer_group_size") ?? 6);
    const kinds = layerKindsOf(
      config,
      "layer_types",
      (layer) =>
        (layer + 1) % group === 0 ? "full_attention" : "linear_attention",
    );
    const isFull = (layer: number) => attends(kinds(layer));
    someLayers(config, scope, isFull, (layer) => {
      const at = layer.scope("self_attn");
      latentAttentionTensors(at, sizes);
      at.linear("g_proj", hidden, heads, { role: "attention", cut: "column" });
    });
    someLayers(
      config,
      scope,
      (layer) => !isFull(layer),
      (layer) => delta(config, layer.scope("self_attn"), hidden),
    );
    const isSparse = sparseLayers(config, 2);
    someLayers(config, scope, (at) => !isSparse(at), (layer) => {
      gatedMlp(layer, hidden, config.size("intermediate_size"));
    });
    someLayers(
      config,
      scope,
      isSparse,
      (layer) => kimiExperts(config, layer, hidden),
    );
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    scope.norm("norm", hidden);
  },
};

/** Delta attention with a decay of each channel; a saved config has its sizes by two names. */
function delta(config: ConfigReader, at: TensorScope, hidden: number): void {
  const headDim = config.optional("linear_head_dim") ??
    config.size("head_dim");
  const heads = config.optional("linear_num_heads") ??
    config.size("num_attention_heads");
  const kernel = config.optional("linear_conv_kernel_dim") ??
    config.size("short_conv_kernel_size");
  const width = heads * headDim;
  const role = "ssm";
  const cut = "column";
  for (const name of ["q", "k", "v"] as const) {
    at.linear(`${name}_proj`, hidden, width, { role: name, cut });
  }
  at.conv("conv1d", [3 * width, 1, kernel]);
  const forget = at.scope("forget_gate");
  forget.parameter("A_log", [heads], { role, split: 0 });
  forget.parameter("dt_bias", [width], { role, split: 0 });
  forget.linear("f_proj", hidden, width, { role, cut });
  at.linear("b_proj", hidden, heads, { role, cut });
  at.norm("o_norm", headDim);
  at.linear("o_proj", width, hidden, { role: "o", cut: "row" });
  at.linear("g_proj", hidden, width, { role, cut });
}

/** The type of this file. */
export const BAILING_HYBRID_TYPES: FamilyTypes = {
  bailing_hybrid: ofType(neverTied(bailingHybrid), {
    cache: CACHING_KIN["bailing_hybrid"] ?? {},
    unplayed: UNPLAYED,
  }),
};
