import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers, layersWhere } from "../tensors/layer_ranges.ts";
import { gatedMlp, headsOf } from "./blocks.ts";
import { afterFirst, expertTensors, withShared } from "./blocks_dense.ts";
import type { CodeParts } from "./code/code.ts";
import { turnedInPart, WIDE_SIGMOIDS } from "./code/parts.ts";
import type { FeedForward } from "./decoder.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * Ling and Ring: experts with shared ones, queries, keys and values as one matrix;
 * the second generation has norms over heads and a balancing bias an expert.
 *
 * Source: the code beside the weights of inclusionAI/Ling-lite and Ling-mini-2.0
 * (modeling_bailing_moe.py, modeling_bailing_moe_v2.py), which is not in transformers:
 * rounded totals alone are checked, experts are named as transformers stacks them
 */
export function bailingMoe(second: boolean): Decoder {
  const routed: FeedForward = (config, layer, hidden) => {
    const isBalanced = config.flag("moe_router_enable_expert_bias", second);
    withShared(
      expertTensors({
        countKeys: ["num_experts"],
        widthKeys: ["moe_intermediate_size"],
        ...(isBalanced ? { correction: "gate.expert_bias" } : {}),
      }),
      { name: "mlp.shared_experts", width: sharedWidth },
    )(config, layer, hidden);
  };
  return {
    prefix: "model",
    tied: false,
    body(config, scope) {
      const { hidden, heads, kvHeads, headDim } = headsOf(config);
      scope.embedding("word_embeddings", config.size("vocab_size"), hidden);
      const count = config.size("num_hidden_layers");
      const layer = scope.layers("layers", allLayers(count));
      const at = layer.scope("attention");
      at.linear("query_key_value", hidden, (heads + 2 * kvHeads) * headDim, {
        role: "qkv",
        bias: config.flag("use_qkv_bias", false),
        cut: "column",
      });
      at.linear("dense", heads * headDim, hidden, {
        role: "o",
        bias: config.flag("use_bias", false),
        cut: "row",
      });
      if (config.flag("use_qk_norm", second)) {
        at.norm("query_layernorm", headDim);
        at.norm("key_layernorm", headDim);
      }
      const isSparse = afterFirst(config);
      const dense = layersWhere(count, (each) => !isSparse(each));
      gatedMlp(
        scope.layers("layers", dense),
        hidden,
        config.size("intermediate_size"),
      );
      routed(
        config,
        scope.layers("layers", layersWhere(count, isSparse)),
        hidden,
      );
      layer.norm("input_layernorm", hidden);
      layer.norm("post_attention_layernorm", hidden);
      scope.norm("norm", hidden);
    },
  };
}

function sharedWidth(config: ConfigReader): number {
  return (config.optional("moe_shared_expert_intermediate_size") ??
    config.size("moe_intermediate_size")) *
    (config.optional("num_shared_experts") ?? 0);
}

/** What both generations' code does: experts one by one, logits cast in the model. */
const OWN_CODE: CodeParts = {
  experts: { repeatsRows: true },
  loss: { casts: true },
};

/** The types of this file. */
export const BAILING_TYPES: FamilyTypes = {
  bailing_moe: {
    ...ofType(causal(bailingMoe(false)), OWN_CODE),
    isPartly: () => true,
  },
  bailing_moe_v2: {
    // Heads are turned in half, as its released configs say.
    ...ofType(
      causal(bailingMoe(true)),
      OWN_CODE,
      WIDE_SIGMOIDS,
      turnedInPart(0.5),
    ),
    isPartly: () => true,
  },
};
