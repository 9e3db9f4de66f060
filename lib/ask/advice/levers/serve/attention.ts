import { hasFlashAttention } from "../../flash_attention.ts";
import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** A kernel that never writes the scores of all pairs of tokens. */
export const servedAttention: Lever = {
  task: "serve",
  cost: COST.nothing,
  propose(scenario) {
    const { engine, attention } = scenario.serve;
    if (engine !== "transformers" || attention !== "eager") return [];
    return hasFlashAttention(scenario)
      ? [{
        set: { "serve.attention": "flash" },
        words: "FlashAttention",
        price:
          "the same result, and faster; the flash-attn package has to be there",
      }]
      : [{
        set: { "serve.attention": "sdpa" },
        words: "PyTorch's fused attention",
        price: "the same result, and faster",
      }];
  },
};
