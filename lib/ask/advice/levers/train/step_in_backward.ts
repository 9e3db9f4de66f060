import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Each gradient used and freed as soon as it is there. */
export const stepInBackward: Lever = {
  task: "train",
  cost: COST.nearlySame,
  propose: ({ optimizer, train }) =>
    optimizer.in_backward || train.gradient_accumulation > 1 ? [] : [{
      set: { "optimizer.in_backward": true },
      words: "Optimizer steps inside the backward pass",
      price:
        "as fast; gradients can be neither accumulated nor clipped by their norm",
    }],
};
