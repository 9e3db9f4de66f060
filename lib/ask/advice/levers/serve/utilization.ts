import { hasPool } from "../../../over_gpus.ts";
import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** What an engine can be given of a GPU that nobody else uses. */
const MOST = 0.95;

/** A larger share of the GPU. */
export const utilization: Lever = {
  task: "serve",
  cost: COST.little,
  propose: (scenario) =>
    hasPool(scenario) && (scenario.serve.memory_utilization ?? 0) < MOST
      ? [{
        set: { "serve.memory_utilization": MOST },
        words: `${100 * MOST} % of the GPU for the engine`,
        price: "as fast; little is left for other programs and for spikes",
      }]
      : [],
};
