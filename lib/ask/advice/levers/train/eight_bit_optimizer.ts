import type { Lever } from "../../lever.ts";
import { takesBitsandbytes } from "./bitsandbytes.ts";
import { COST } from "../../lever.ts";

/** Optimizer states in 8 bits, a scale for each block of them. */
export const eightBitOptimizer: Lever = {
  task: "train",
  cost: COST.nearlySame,
  propose: (scenario) =>
    scenario.optimizer.bits === 32 && takesBitsandbytes(scenario)
      ? [{
        set: { "optimizer.bits": 8 },
        words: "8-bit optimizer states (bitsandbytes)",
        price: "nearly the same result, about as fast",
      }]
      : [],
};
