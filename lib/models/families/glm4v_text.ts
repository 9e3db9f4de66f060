import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import {
  attentionTensors,
  gatedMlp,
  headsOf,
  stackedExperts,
} from "./blocks.ts";
import { rotaryBuffers, rotaryShare } from "./blocks_classic.ts";
import type { Decoder } from "./family.ts";

/**
 * GLM-4V's decoder: gate and up as one matrix, and norms before and after each
 * half of a layer.
 *
 * Source: huggingface/transformers models/glm4v/modeling_glm4v.py
 */
export const glm4vText = dense({ bias: true });

/**
 * GLM-OCR's decoder: the same without biases.
 *
 * Source: huggingface/transformers models/glm_ocr/modeling_glm_ocr.py
 */
export const glmOcrText = dense({ bias: false });

function dense({ bias }: { bias: boolean }): Decoder {
  return {
    prefix: "model",
    tied: false,
    body(config, scope) {
      const { layer, hidden } = around(config, scope, {
        bias,
        share: 1,
        ...(bias ? { headDim: evenHeads(config) } : {}),
      });
      const intermediate = config.size("intermediate_size");
      layer.linear("mlp.gate_up_proj", hidden, 2 * intermediate, {
        role: "gate_up",
        cut: "column",
      });
      layer.linear("mlp.down_proj", intermediate, hidden, {
        role: "down",
        cut: "row",
      });
      layer.norm("post_self_attn_layernorm", hidden);
      layer.norm("post_mlp_layernorm", hidden);
    },
  };
}

/**
 * GLM-4.5V's decoder: experts and a shared one after the first dense layers.
 *
 * Source: huggingface/transformers models/glm4v_moe/modeling_glm4v_moe.py
 */
export const glm4vMoeText: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const { hidden } = around(config, scope, {
      bias: config.flag("attention_bias", true),
      share: 0.5,
    });
    const layers = config.size("num_hidden_layers");
    const dense = config.optional("first_k_dense_replace") ?? 1;
    const plain = layersWhere(layers, (at) => at < dense);
    if (plain.length > 0) {
      gatedMlp(
        scope.layers("layers", plain),
        hidden,
        config.size("intermediate_size"),
      );
    }
    const sparse = layersWhere(layers, (at) => at >= dense);
    if (sparse.length > 0) experts(config, scope.layers("layers", sparse));
  },
};

/** Everything but the feed-forward layers. */
function around(
  config: ConfigReader,
  scope: TensorScope,
  { bias, share, headDim = headsOf(config).headDim }: {
    bias: boolean;
    share: number;
    headDim?: number;
  },
): { layer: TensorScope; hidden: number } {
  const heads = { ...headsOf(config), headDim };
  const { hidden } = heads;
  scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
  const layers = allLayers(config.size("num_hidden_layers"));
  const layer = scope.layers("layers", layers);
  attentionTensors(layer, heads, { bias, outputBias: false });
  layer.norm("input_layernorm", hidden);
  layer.norm("post_attention_layernorm", hidden);
  scope.norm("norm", hidden);
  const rotated = rotaryShare(config, "partial_rotary_factor", share);
  rotaryBuffers(scope, Math.floor(headDim * rotated));
  return { layer, hidden };
}

/** GLM-4V's attention reads no head_dim, its rotation does. */
function evenHeads(config: ConfigReader): number {
  const { hidden, heads } = headsOf(config);
  return Math.floor(hidden / heads);
}

function experts(config: ConfigReader, layer: TensorScope): void {
  const hidden = config.size("hidden_size");
  const intermediate = config.size("moe_intermediate_size");
  const count = config.size("n_routed_experts", "num_local_experts");
  const mlp = layer.scope("mlp");
  stackedExperts(mlp.scope("experts"), {
    experts: count,
    hidden,
    intermediate,
  });
  mlp.parameter("gate.weight", [count, hidden], { role: "router" });
  mlp.buffer("gate.e_score_correction_bias", [count], 4);
  const shared = config.optional("n_shared_experts") ?? 1;
  gatedMlp(mlp, hidden, intermediate * shared, { name: "shared_experts" });
}
