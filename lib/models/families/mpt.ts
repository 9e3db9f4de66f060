import { allLayers } from "../tensors/layer_ranges.ts";
import { plainMlp } from "./blocks_classic.ts";
import { NARROW_CLASSES, PLAIN_AND_TIED, UNTURNED } from "./code/parts.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * MPT: a fused qkv, ALiBi, norms without a bias. Its MLP is four times as wide
 * as the model whatever `expansion_ratio` says.
 *
 * Source: huggingface/transformers models/mpt/modeling_mpt.py
 */
export const mpt: Decoder = {
  prefix: "transformer",
  tied: true,
  body(config, scope) {
    const hidden = config.size("d_model", "hidden_size");
    scope.embedding("wte", config.size("vocab_size"), hidden);
    const layer = scope.layers(
      "blocks",
      allLayers(config.size("n_layers", "num_hidden_layers")),
    );
    layer.norm("norm_1", hidden);
    layer.linear("attn.Wqkv", hidden, 3 * hidden, {
      role: "qkv",
      cut: "column",
    });
    layer.linear("attn.out_proj", hidden, hidden, { role: "o", cut: "row" });
    layer.norm("norm_2", hidden);
    plainMlp(
      layer.scope("ffn"),
      ["up_proj", "down_proj"],
      hidden,
      4 * hidden,
    );
    scope.norm("norm_f", hidden);
  },
};

/** MPT. */
export const MPT_TYPES: FamilyTypes = {
  mpt: ofType(causal(mpt), NARROW_CLASSES, PLAIN_AND_TIED, UNTURNED, {
    layer: { norm: "layer", holdsAttended: true },
    peft: { targets: ["Wqkv"] },
  }),
};
