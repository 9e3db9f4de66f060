import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Head and cross entropy of a few tokens at a time. */
export const chunkedLoss: Lever = {
  task: "train",
  cost: COST.little,
  propose: ({ train }) =>
    train.loss === "full"
      ? [{
        set: { "train.loss": "chunked" },
        words: "Chunked loss",
        price: "the same result, a little slower: logits are made twice",
      }]
      : [],
};
