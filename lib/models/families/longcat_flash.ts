import type { ConfigReader } from "../tensors/config_reader.ts";
import { allLayers } from "../tensors/layer_ranges.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import { gatedMlp } from "./blocks.ts";
import { rotaryBuffers } from "./blocks_classic.ts";
import { latentAttentionTensors, latentOf } from "./blocks_recent.ts";
import { GATED_NAMES, LATENT_CACHE } from "./code/parts.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * LongCat-Flash: two latent attentions and two MLPs a layer, and experts beside
 * them of which some do nothing.
 *
 * Source: huggingface/transformers
 * models/longcat_flash/modeling_longcat_flash.py
 */
export const longcatFlash: Decoder = {
  prefix: "model",
  tied: false,
  body(config, scope) {
    const query = config.optional("qk_head_dim");
    const sizes = {
      ...latentOf(config),
      ...(query === null ? {} : { query }),
    };
    const { hidden } = sizes;
    const intermediate = config.size("ffn_hidden_size", "intermediate_size");
    scope.embedding("embed_tokens", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "layers",
      allLayers(config.size("num_layers", "num_hidden_layers")),
    );
    routed(config, layer.scope("mlp"), hidden);
    for (const half of [0, 1]) {
      latentAttentionTensors(layer.scope(`self_attn.${half}`), sizes);
      gatedMlp(layer, hidden, intermediate, { name: `mlps.${half}` });
      layer.norm(`input_layernorm.${half}`, hidden);
      layer.norm(`post_attention_layernorm.${half}`, hidden);
    }
    scope.norm("norm", hidden);
    rotaryBuffers(scope, config.optional("head_dim") ?? sizes.rotated);
  },
};

/** Experts of which those that pass on their input have a share in one part. */
function routed(config: ConfigReader, at: TensorScope, hidden: number): void {
  const real = config.size("n_routed_experts");
  const all = real + (config.optional("zero_expert_num") ?? 0);
  const width = config.size("expert_ffn_hidden_size", "moe_intermediate_size");
  at.parameter("experts.gate_up_proj", [all, 2 * width, hidden], {
    role: "gate_up",
    split: 1,
    expert: true,
  });
  at.parameter("experts.down_proj", [real, hidden, width], {
    role: "down",
    split: 2,
    expert: true,
  });
  at.linear("router.classifier", hidden, all, {
    role: "router",
    bias: config.flag("router_bias", false),
  });
  at.buffer("router.e_score_correction_bias", [all], 4);
}

/** LongCat-Flash. */
export const LONGCAT_TYPES: FamilyTypes = {
  longcat_flash: ofType(
    causal(longcatFlash),
    GATED_NAMES,
    {
      routing: { wide: true, narrow: true },
    },
    LATENT_CACHE,
    { cache: { isDouble: true } },
  ),
};
