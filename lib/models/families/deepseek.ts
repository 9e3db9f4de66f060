import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import { gatedMlp } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { afterFirst, expertTensors, withShared } from "./blocks_dense.ts";
import { latentAttentionTensors, latentOf } from "./blocks_recent.ts";
import { GATED_NAMES, LATENT_CACHE, WIDE_SIGMOIDS } from "./code/parts.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * DeepSeek-V2: latent attention, experts and shared ones after the first dense
 * layers. Its router is a linear layer.
 *
 * Source: huggingface/transformers models/deepseek_v2/modeling_deepseek_v2.py
 */
export const deepseekV2 = deepseek({
  routerLinear: true,
  shared: 2,
  bias: (config) => config.flag("mlp_bias", false),
});

/**
 * DeepSeek-V3 and R1, Kimi-K2: as V2, with a balancing bias for each expert.
 * The layer that predicts further tokens is not loaded by transformers.
 *
 * Source: huggingface/transformers models/deepseek_v3/modeling_deepseek_v3.py
 */
export const deepseekV3 = deepseek({
  correction: "gate.e_score_correction_bias",
  shared: 1,
});

function deepseek(
  { shared, bias = () => false, ...router }: {
    /** Whether MLPs that are no routed experts have biases. */
    bias?: (config: ConfigReader) => boolean;
    routerLinear?: boolean;
    correction?: string;
    /** Shared experts where a config does not say. */
    shared: number;
  },
): Decoder {
  const routed = withShared(
    expertTensors({
      countKeys: ["n_routed_experts", "num_local_experts"],
      widthKeys: ["moe_intermediate_size"],
      ...router,
    }),
    {
      name: "mlp.shared_experts",
      bias,
      width: (config) =>
        config.size("moe_intermediate_size") *
        (config.optional("n_shared_experts") ??
          (config.isNull("n_shared_experts") ? 0 : shared)),
    },
  );
  return {
    prefix: "model",
    tied: false,
    body(config, scope) {
      const hidden = config.size("hidden_size");
      const layers = config.size("num_hidden_layers");
      scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
      const layer = scope.layers("layers", allLayers(layers));
      latentAttentionTensors(layer.scope("self_attn"), latentOf(config));
      const isSparse = afterFirst(config);
      const dense = layersWhere(layers, (at) => !isSparse(at));
      gatedMlp(
        scope.layers("layers", dense),
        hidden,
        config.size("intermediate_size"),
        { bias: bias(config) },
      );
      routed(
        config,
        scope.layers("layers", layersWhere(layers, isSparse)),
        hidden,
      );
      layer.norm("input_layernorm", hidden);
      layer.norm("post_attention_layernorm", hidden);
      scope.norm("norm", hidden);
      rotaryBuffers(scope, config.size("qk_rope_head_dim"));
    },
  };
}

/** The types of this file. */
export const DEEPSEEK_TYPES: FamilyTypes = {
  deepseek_v2: ofType(causal(deepseekV2), GATED_NAMES, {
    routing: { wide: true },
  }, LATENT_CACHE),
  deepseek_v3: ofType(
    causal(deepseekV3),
    GATED_NAMES,
    WIDE_SIGMOIDS,
    LATENT_CACHE,
  ),
  // The code beside the weights of moonshotai/Kimi-K2-Instruct is DeepSeek-V3's.
  kimi_k2: ofType(
    causal(deepseekV3),
    GATED_NAMES,
    WIDE_SIGMOIDS,
    LATENT_CACHE,
  ),
};
