import { projectorLinears, sizeOr } from "./blocks_vision.ts";
import { seeingAs } from "./code/sight.ts";
import type { FamilyTypes } from "./family.ts";
import { ofType } from "./family.ts";
import { LFM2, lfm2 } from "./lfm2.ts";
import { sensing } from "./recent_sight.ts";
import { siglip2Vision } from "./towers/siglip2.ts";
import { projector, tower } from "./vision_language.ts";

/**
 * LFM2-VL: SigLIP 2, whose patches are merged before two linears, and LFM2.
 *
 * Source: huggingface/transformers models/lfm2_vl/modeling_lfm2_vl.py
 */
export const lfm2Vl = sensing({
  decoder: lfm2,
  defaults: {
    vocab_size: 65_536,
    hidden_size: 2_560,
    intermediate_size: 12_288,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
  },
  sight({ config, vision, hidden }, scope) {
    tower(siglip2Vision, vision, scope);
    const at = projector(scope);
    const inputs = sizeOr(vision, "hidden_size", 768) *
      sizeOr(config, "downsample_factor", 2) ** 2;
    if (config.flag("projector_use_layernorm", true)) {
      at.norm("layer_norm", inputs, { bias: true });
    }
    projectorLinears(at, {
      inputs,
      hidden: sizeOr(config, "projector_hidden_size", 2560),
      outputs: hidden,
      bias: config.flag("projector_bias", true),
    });
  },
});

/** LFM2-VL. */
export const LFM2_VL_TYPES: FamilyTypes = {
  lfm2_vl: ofType(lfm2Vl, LFM2, { sight: seeingAs("lfm2_vl") }),
};
