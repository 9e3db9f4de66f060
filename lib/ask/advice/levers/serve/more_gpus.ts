import { overGpus } from "../../../over_gpus.ts";
import type { Lever } from "../../lever.ts";
import { COST, moreThan } from "../../lever.ts";

/** A model over more GPUs: split layer by layer, or each matrix where there is a pool. */
export const moreServingGpus: Lever = {
  task: "serve",
  cost: COST.hardware,
  propose(scenario) {
    const { parallel, hardware } = scenario;
    // Unlike cards are named one by one.
    if (hardware.gpus !== null) return [];
    return moreThan(parallel.gpus).map((gpus) => ({
      set: overGpus(scenario, gpus),
      words: `${gpus} GPUs of this kind`,
      price: `${gpus} GPUs in place of ${parallel.gpus}`,
    }));
  },
};
