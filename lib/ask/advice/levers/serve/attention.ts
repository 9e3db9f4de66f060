import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** A kernel that never writes the scores of all pairs of tokens. */
export const servedAttention: Lever = {
  task: "serve",
  cost: COST.nothing,
  propose: ({ serve }) =>
    serve.engine === "transformers" && serve.attention === "eager"
      ? [{
        set: { "serve.attention": "flash" },
        words: "FlashAttention",
        price:
          "the same result, and faster; the flash-attn package has to be there",
      }]
      : [],
};
