import type { Lever } from "../../lever.ts";
import { takesBitsandbytes } from "./bitsandbytes.ts";
import { COST } from "../../lever.ts";

/** Optimizer states that give way to whatever else needs the GPU. */
export const pagedOptimizer: Lever = {
  task: "train",
  cost: COST.little,
  propose: (scenario) =>
    scenario.optimizer.paged || !takesBitsandbytes(scenario) ? [] : [{
      set: { "optimizer.paged": true },
      words: "Paged optimizer states (bitsandbytes)",
      price:
        "the same result; slower where pages have to move to the host and back",
    }],
};
