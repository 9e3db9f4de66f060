import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** The MLP a piece of the tokens at a time. */
export const mlpTiles: Lever = {
  task: "train",
  cost: COST.slower,
  propose: ({ train, engine }, { architecture }) =>
    train.mlp_tiles !== null || architecture.experts > 0 ||
      engine.name.startsWith("megatron") ||
      train.sequence_length <= architecture.hidden_size
      ? []
      : [{
        set: { "train.mlp_tiles": "auto" },
        words: "Tiled MLP",
        price:
          "the same result, slower: the MLP runs once more for the backward pass",
      }],
};
