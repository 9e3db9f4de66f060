import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Head and cross entropy in one kernel. */
export const fusedLoss: Lever = {
  task: "train",
  cost: COST.nothing,
  propose: ({ train }) =>
    train.loss === "full"
      ? [{
        set: { "train.loss": "fused" },
        words: "Fused loss (Liger, Cut Cross Entropy)",
        price:
          "the same result, about as fast; the kernel has to know the model",
      }]
      : [],
};
