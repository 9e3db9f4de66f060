import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Scales of 4-bit weights that are quantised too. */
export const doubleQuantization: Lever = {
  task: "train",
  cost: COST.slower,
  propose: ({ train, quantization: { weights } }) =>
    train.method === "qlora" &&
      (weights === null || weights === "none" || weights === "nf4")
      ? [{
        set: { "quantization.weights": "nf4-dq" },
        words: "Double quantisation",
        price: "nearly the same result, a little slower",
      }]
      : [],
};
