import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import {
  attentionTensors,
  gatedMlp,
  headsOf,
  stackedExperts,
} from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { byLayer } from "./code/cache.ts";
import {
  GATED_NAMES,
  NARROW_WEIGHTS,
  SPANS_IN_TRANSFORMER,
  STACKED,
  SWITCHED_WINDOWS,
} from "./code/parts.ts";
import { QUERY_VALUE } from "./code/peft.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofHeaders, ofType } from "./family.ts";

/**
 * Qwen3: llama with a norm over each head of the queries and keys.
 *
 * Source: huggingface/transformers models/qwen3/modeling_qwen3.py
 */
export const qwen3: Decoder = embedded(qwen3Layers);

/**
 * Qwen3 with experts in every layer, or in those that the config picks.
 *
 * Source: huggingface/transformers models/qwen3_moe/modeling_qwen3_moe.py
 */
export const qwen3Moe: Decoder = embedded(qwen3MoeLayers);

function embedded(body: Decoder["body"]): Decoder {
  return {
    prefix: "model",
    tied: false,
    body(config, scope) {
      const hidden = config.size("hidden_size");
      scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
      body(config, scope);
    },
  };
}

/** Qwen3's layers and last norm. */
export function qwen3Layers(config: ConfigReader, scope: TensorScope): void {
  const layers = allLayers(config.size("num_hidden_layers"));
  around(config, scope);
  gatedMlp(
    scope.layers("layers", layers),
    config.size("hidden_size"),
    config.size("intermediate_size"),
  );
}

/** Qwen3-MoE's layers and last norm. */
export function qwen3MoeLayers(config: ConfigReader, scope: TensorScope): void {
  around(config, scope);
  const hidden = config.size("hidden_size");
  const layers = config.size("num_hidden_layers");
  const experts = config.optional("num_experts", "num_local_experts") ?? 0;
  const step = Math.max(1, config.optional("decoder_sparse_step") ?? 1);
  const dense = new Set(config.numbers("mlp_only_layers"));
  const isSparse = (layer: number) =>
    experts > 0 && !dense.has(layer) && (layer + 1) % step === 0;
  const plain = layersWhere(layers, (layer) => !isSparse(layer));
  if (plain.length > 0) {
    gatedMlp(
      scope.layers("layers", plain),
      hidden,
      config.size("intermediate_size"),
    );
  }
  const sparse = layersWhere(layers, isSparse);
  if (sparse.length === 0) return;
  const mlp = scope.layers("layers", sparse).scope("mlp");
  mlp.parameter("gate.weight", [experts, hidden], { role: "router" });
  stackedExperts(mlp.scope("experts"), {
    experts,
    hidden,
    intermediate: config.size("moe_intermediate_size"),
  });
}

/** Everything but embedding and feed-forward layers. */
function around(config: ConfigReader, scope: TensorScope): void {
  const heads = headsOf(config);
  const { hidden, headDim } = heads;
  const layer = scope.layers(
    "layers",
    allLayers(config.size("num_hidden_layers")),
  );
  attentionTensors(layer, heads, {
    bias: config.flag("attention_bias", false),
  });
  layer.norm("self_attn.q_norm", headDim);
  layer.norm("self_attn.k_norm", headDim);
  layer.norm("input_layernorm", hidden);
  layer.norm("post_attention_layernorm", hidden);
  scope.norm("norm", hidden);
  rotaryBuffers(scope, headDim);
}

const NORMS_EACH = { normsEach: true } as const;

/** The types of this file, and those with eyes. */
export const QWEN3_TYPES: FamilyTypes = {
  qwen3: ofType(causal(qwen3), SPANS_IN_TRANSFORMER, SWITCHED_WINDOWS, {
    attention: NORMS_EACH,
    peft: QUERY_VALUE,
  }),
  qwen3_moe: ofType(
    causal(qwen3Moe),
    GATED_NAMES,
    NARROW_WEIGHTS,
    SPANS_IN_TRANSFORMER,
    SWITCHED_WINDOWS,
    { attention: NORMS_EACH },
    {
      cache: byLayer((_, text) =>
        text["use_sliding_window"] === true
          ? "sliding_attention"
          : "full_attention"
      ),
    },
  ),
  qwen3_vl_moe_text: ofHeaders(NARROW_WEIGHTS, STACKED),
};
