import { allLayers } from "../tensors/layer_ranges.ts";
import { attentionTensors, headsOf } from "./blocks.ts";
import { NOT_YET } from "./code/unplayed.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * EXAONE 3.0, 3.5 and Deep: llama under GPT-2's names.
 *
 * Source: the code beside the weights of LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct
 * (modeling_exaone.py), which is not in transformers: rounded totals alone are checked
 */
export const exaone: Decoder = {
  prefix: "transformer",
  tied: false,
  body(config, scope) {
    const heads = headsOf(config);
    const { hidden } = heads;
    const width = config.size("intermediate_size");
    scope.embedding("wte", config.size("vocab_size"), hidden);
    const count = config.size("num_layers", "num_hidden_layers");
    const layer = scope.layers("h", allLayers(count));
    layer.norm("ln_1", hidden);
    attentionTensors(layer, heads, {
      name: "attn.attention",
      output: "out_proj",
    });
    layer.norm("ln_2", hidden);
    const mlp = layer.scope("mlp");
    mlp.linear("c_fc_0", hidden, width, { role: "gate", cut: "column" });
    mlp.linear("c_fc_1", hidden, width, { role: "up", cut: "column" });
    mlp.linear("c_proj", width, hidden, { role: "down", cut: "row" });
    scope.norm("ln_f", hidden);
  },
};

/** The types of this file. */
export const EXAONE_TYPES: FamilyTypes = {
  exaone: { ...ofType(causal(exaone), { unplayed: NOT_YET }), isPartly: true },
};
