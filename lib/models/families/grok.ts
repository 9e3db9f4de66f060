import { attentionTensors } from "./blocks.ts";
import { expertTensors } from "./blocks_dense.ts";
import { UNPLAYED } from "./code/unplayed.ts";
import { decoder } from "./decoder.ts";
import type { Decoder, FamilyTypes } from "./family.ts";
import { causal, ofType } from "./family.ts";

/**
 * Grok-1: gated experts in every layer and four norms around its halves.
 *
 * Source: xai-org/grok-1 model.py, run.py
 */
export const grok1: Decoder = decoder({
  tied: true,
  attention: (_, layer, heads) =>
    attentionTensors(layer, heads, { name: "attn" }),
  experts: expertTensors({ name: "moe_block" }),
  norms: ["pre_attn_norm", "post_attn_norm", "pre_moe_norm", "post_moe_norm"],
});

/** The types of this file. */
export const GROK_TYPES: FamilyTypes = {
  "grok-1": {
    ...ofType(causal(grok1), { unplayed: UNPLAYED, sizes: { tied: true } }),
    isPartly: () => true,
  },
};
