import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import {
  attentionTensors,
  gatedMlp,
  headsOf,
  stackedExperts,
} from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { layerKindsOf, someLayers } from "./blocks_recent.ts";
import { listOf, sizeOr, twoLinears } from "./blocks_vision.ts";
import { NARROW_WEIGHTS, SHARED_FIRST } from "./code/parts.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { sensing } from "./recent_sight.ts";
import type { TowerFamily } from "./towers/tower.ts";
import { projector, tower } from "./vision_language.ts";

/** ERNIE 4.5 VL's decoder: experts for words and others for pictures. */
export const ernieVlText: Decoder = {
  prefix: "model",
  tied: true,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    const bias = config.flag("use_bias", false);
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_hidden_layers")),
    );
    attentionTensors(layer, heads, { bias });
    const kinds = layerKindsOf(
      config,
      "mlp_layer_types",
      (at) => at < 1 ? "dense" : "sparse",
    );
    const isSparse = (at: number) => kinds(at) === "sparse";
    someLayers(config, scope, (at) => !isSparse(at), (layer) => {
      gatedMlp(layer, hidden, config.size("intermediate_size"), { bias });
    });
    someLayers(config, scope, isSparse, (layer) => routed(config, layer));
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    scope.norm("norm", hidden);
    rotaryBuffers(scope, heads.headDim);
  },
};

function routed(config: ConfigReader, layer: TensorScope): void {
  const hidden = config.size("hidden_size");
  const [words = 1536, pictures = 512] =
    listOf(config, "moe_intermediate_size") ?? [];
  const [experts = 64] = listOf(config, "moe_num_experts") ??
    [sizeOr(config, "moe_num_experts", 64)];
  for (
    const [kind, width] of [["text", words], ["vision", pictures]] as const
  ) {
    const moe = layer.scope(`mlp.${kind}_moe`);
    // The router stays in fp32 whatever the model is loaded in.
    moe.parameter("gate.weight", [experts, hidden], {
      role: "router",
      dtype: "fp32",
    });
    moe.parameter("gate.moe_statics.e_score_correction_bias", [1, experts], {
      role: "router",
      dtype: "fp32",
    });
    stackedExperts(moe.scope("experts"), {
      experts,
      hidden,
      intermediate: Math.max(0, width),
    });
  }
  const shared = sizeOr(config, "moe_num_shared_experts", 2);
  if (shared === 0) return;
  gatedMlp(layer, hidden, Math.max(0, words) * shared, {
    name: "mlp.shared_experts",
    bias: config.flag("use_bias", false),
  });
}

const vision: TowerFamily = (config, scope) => {
  const width = sizeOr(config, "hidden_size", 1280);
  const heads = sizeOr(config, "num_heads", 16) || 1;
  const patch = sizeOr(config, "patch_size", 14);
  const inputs = sizeOr(config, "in_channels", 3) * patch ** 2;
  scope.linear("patch_embed.proj", inputs, width, { role: "other" });
  const block = scope.layers("blocks", allLayers(sizeOr(config, "depth", 32)));
  block.norm("norm1", width, { bias: true });
  block.norm("norm2", width, { bias: true });
  block.linear("attn.qkv", width, 3 * width, {
    role: "qkv",
    bias: true,
    cut: "column",
  });
  block.linear("attn.proj", width, width, {
    role: "o",
    bias: true,
    cut: "row",
  });
  const inner = sizeOr(config, "intermediate_size", 5120);
  twoLinears(block.scope("mlp"), width, inner);
  scope.norm("ln", width, { bias: true });
  const frequencies = Math.floor(Math.floor(width / heads) / 4);
  scope.buffer("rotary_pos_emb.inv_freq", [frequencies], 4);
  scope.buffer("rotary_pos_emb.original_inv_freq", [frequencies], 4);
};

/**
 * ERNIE 4.5 VL: its vision transformer, and a resampler over space and time.
 *
 * Source: huggingface/transformers
 * models/ernie4_5_vl_moe/modeling_ernie4_5_vl_moe.py
 */
export const ernieVl = sensing({
  decoder: ernieVlText,
  defaults: {
    vocab_size: 103_424,
    hidden_size: 2_560,
    intermediate_size: 12_288,
    num_hidden_layers: 28,
    num_attention_heads: 20,
    num_key_value_heads: 4,
  },
  sight({ vision: seen, hidden }, scope) {
    tower(vision, seen, scope);
    const at = projector(scope, "model.resampler_model");
    const space = sizeOr(seen, "hidden_size", 1280) *
      sizeOr(seen, "spatial_merge_size", 2) ** 2;
    const time = space * sizeOr(seen, "temporal_merge_size", 2);
    merge(at.scope("spatial_linear"), space, space);
    merge(at.scope("temporal_linear"), time, space);
    at.linear("mlp", space, hidden, { role: "projector", bias: true });
    at.norm("after_norm", hidden);
  },
});

function merge(at: TensorScope, inputs: number, width: number): void {
  at.linear("fc1", inputs, width, { role: "projector", bias: true });
  at.linear("fc2", width, width, { role: "projector", bias: true });
  at.norm("ln", width, { bias: true });
}

/** ERNIE 4.5 VL. */
export const ERNIE_VL_TYPES: FamilyTypes = {
  ernie4_5_vl_moe: ofType(ernieVl, NARROW_WEIGHTS, SHARED_FIRST),
};
