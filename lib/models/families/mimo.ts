import { allLayers } from "../tensors/layer_ranges.ts";
import { attentionTensors, gatedMlp, headsOf } from "./blocks.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";
import { qwen2 } from "./qwen2.ts";

/**
 * MiMo: Qwen2 with layers that predict further tokens, which its code loads.
 *
 * Source: the code beside the weights of XiaomiMiMo/MiMo-7B-Base (modeling_mimo.py)
 */
export const mimo: Decoder = {
  ...qwen2,
  body(config, scope) {
    qwen2.body(config, scope);
    const heads = headsOf(config);
    const { hidden } = heads;
    const further = config.optional("num_nextn_predict_layers") ?? 0;
    if (further === 0) return;
    const layer = scope.layers("mtp_layers", allLayers(further));
    attentionTensors(layer, heads, { bias: true, outputBias: false });
    gatedMlp(layer, hidden, config.size("intermediate_size"));
    layer.linear("input_proj", 2 * hidden, hidden, { role: "other" });
    for (
      const name of [
        "input_layernorm",
        "post_attention_layernorm",
        "token_layernorm",
        "hidden_layernorm",
        "final_layernorm",
      ]
    ) layer.norm(name, hidden);
  },
};

/** The types of this file. */
export const MIMO_DENSE_TYPES: FamilyTypes = {
  mimo: ofType(causal(mimo), { unplayed: UNPLAYED }),
};
