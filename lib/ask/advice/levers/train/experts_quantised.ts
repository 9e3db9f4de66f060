import { isBitsandbytes } from "../../../../software/bitsandbytes/formats.ts";
import { unpackedExperts } from "../../../../plan/storage.ts";
import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Experts that bitsandbytes would leave as they are. */
export const expertsQuantised: Lever = {
  task: "train",
  cost: COST.nearlySame,
  propose: (scenario, model) =>
    !isBitsandbytes(scenario) || scenario.train.method === "full" ||
      unpackedExperts(scenario, model) === 0
      ? []
      : [{
        set: { "quantization.experts": true },
        words: "Experts quantised too",
        price:
          "a little quality, and slower: each layer's experts are expanded when it runs; Axolotl does so (quantize_moe_experts)",
      }],
};
