import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { afterFirst, experts, withShared } from "./blocks_dense.ts";
import type { Decoder } from "./family.ts";

/**
 * DeepSeek-V2: latent attention, experts and shared ones after the first dense
 * layers. Its router is a linear layer.
 *
 * Source: huggingface/transformers models/deepseek_v2/modeling_deepseek_v2.py
 */
export const deepseekV2 = deepseek({ routerLinear: true });

/**
 * DeepSeek-V3 and R1, Kimi-K2: as V2, with a balancing bias for each expert.
 * The layer that predicts further tokens is not loaded by transformers.
 *
 * Source: huggingface/transformers models/deepseek_v3/modeling_deepseek_v3.py
 */
export const deepseekV3 = deepseek({
  correction: "gate.e_score_correction_bias",
});

function deepseek(
  router: { routerLinear?: boolean; correction?: string },
): Decoder {
  const routed = withShared(
    experts({
      countKeys: ["n_routed_experts", "num_local_experts"],
      widthKeys: ["moe_intermediate_size"],
      ...router,
    }),
    {
      name: "mlp.shared_experts",
      width: (config) =>
        config.size("moe_intermediate_size") *
        (config.optional("n_shared_experts") ?? 0),
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
      latentAttention(config, layer.scope("self_attn"), hidden);
      const isSparse = afterFirst(config);
      const dense = layersWhere(layers, (at) => !isSparse(at));
      gatedMlp(
        scope.layers("layers", dense),
        hidden,
        config.size("intermediate_size"),
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

/** Queries, keys and values through low ranks, of which the last are cached. */
function latentAttention(
  config: ConfigReader,
  scope: TensorScope,
  hidden: number,
): void {
  const heads = config.size("num_attention_heads");
  const queryRank = config.optional("q_lora_rank") ?? 0;
  const rank = config.size("kv_lora_rank");
  const plain = config.size("qk_nope_head_dim");
  const rotated = config.size("qk_rope_head_dim");
  const value = config.size("v_head_dim");
  const bias = config.flag("attention_bias", false);
  const queries = heads * (plain + rotated);
  if (queryRank === 0) {
    scope.linear("q_proj", hidden, queries, { role: "q", cut: "column" });
  } else {
    scope.linear("q_a_proj", hidden, queryRank, { role: "q", bias });
    scope.norm("q_a_layernorm", queryRank);
    scope.linear("q_b_proj", queryRank, queries, { role: "q", cut: "column" });
  }
  scope.linear("kv_a_proj_with_mqa", hidden, rank + rotated, {
    role: "attention",
    bias,
  });
  scope.norm("kv_a_layernorm", rank);
  scope.linear("kv_b_proj", rank, heads * (plain + value), {
    role: "attention",
    cut: "column",
  });
  scope.linear("o_proj", heads * value, hidden, {
    role: "o",
    bias,
    cut: "row",
  });
}
