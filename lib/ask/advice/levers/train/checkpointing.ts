import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Activations computed again in place of being kept. */
export const checkpointing: Lever = {
  task: "train",
  cost: COST.slower,
  propose: ({ train }) =>
    train.checkpointing === "full" ? [] : [{
      set: { "train.checkpointing": "full" },
      words: "Full activation checkpointing",
      // A forward pass is a third of a step's arithmetic: the backward has two.
      price:
        "the same result, slower by about a third: each layer's forward runs again in the backward pass",
    }],
};
