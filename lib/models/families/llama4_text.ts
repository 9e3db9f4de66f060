import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { byLayer } from "./code/cache.ts";
import type { CodeParts } from "./code/code.ts";
import { isTurned } from "./code/turned.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * Llama 4: experts with a shared one beside them, in every layer or in those
 * that the config picks. Queries and keys are normed without a weight.
 *
 * Source: huggingface/transformers models/llama4/modeling_llama4.py
 */
export const llama4Text: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layers = config.size("num_hidden_layers");
    const layer = scope.layers("layers", allLayers(layers));
    attentionTensors(layer, heads, {
      bias: config.flag("attention_bias", false),
    });
    layer.norm("input_layernorm", hidden);
    layer.norm("post_attention_layernorm", hidden);
    const step = Math.max(1, config.optional("interleave_moe_layer_step") ?? 1);
    const picked = config.has("moe_layers")
      ? new Set(config.numbers("moe_layers"))
      : null;
    const isSparse = (at: number) => picked?.has(at) ?? (at + 1) % step === 0;
    const sparse = layersWhere(layers, isSparse);
    const plain = layersWhere(layers, (at) => !isSparse(at));
    if (plain.length > 0) {
      gatedMlp(
        scope.layers("layers", plain),
        hidden,
        config.size("intermediate_size_mlp"),
        { name: "feed_forward" },
      );
    }
    if (sparse.length > 0) {
      const width = config.size("intermediate_size");
      const experts = config.size("num_local_experts");
      const moe = scope.layers("layers", sparse).scope("feed_forward");
      moe.parameter("experts.gate_up_proj", [experts, hidden, 2 * width], {
        role: "gate_up",
        split: 2,
        expert: true,
      });
      moe.parameter("experts.down_proj", [experts, width, hidden], {
        role: "down",
        split: 1,
        expert: true,
      });
      moe.linear("router", hidden, experts, { role: "router" });
      gatedMlp(moe, hidden, width, { name: "shared_expert" });
    }
    scope.norm("norm", hidden);
    rotaryBuffers(scope, heads.headDim);
  },
};

/** Llama 4's code, with eyes or without. */
export const LLAMA4: CodeParts = {
  rotary: { skipsEvery: 4 },
  attention: {
    normsTurned: true,
    wideSoftmax: false,
    normsBare: (config) => config["use_qk_norm"] !== false,
  },
  routing: { every: true },
  cache: byLayer((layer, text) =>
    isTurned(layer, text) ? "chunked_attention" : "full_attention"
  ),
  experts: { stackedBefore5: true },
};

/** Llama 4's text part. */
export const LLAMA4_TEXT_TYPES: FamilyTypes = {
  llama4_text: ofType(causal(llama4Text), LLAMA4, {
    rotary: { wide: true },
    experts: { isTransposed: true },
    sizes: { sharedExpert: true },
  }),
};
