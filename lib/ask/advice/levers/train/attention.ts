import { hasFlashAttention } from "../../flash_attention.ts";
import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** A kernel that never writes the scores of all pairs of tokens. */
export const attentionKernel: Lever = {
  task: "train",
  cost: COST.nothing,
  propose(scenario) {
    const { train, precision } = scenario;
    if (train.attention !== "eager") return [];
    // FlashAttention has no kernels for fp32.
    const kernel =
      precision.weights === "fp32" && precision.autocast === null ||
        !hasFlashAttention(scenario)
        ? "sdpa"
        : "flash";
    return [{
      set: { "train.attention": kernel },
      words: kernel === "flash"
        ? "FlashAttention"
        : "PyTorch's fused attention",
      price: kernel === "flash"
        ? "the same result, and faster; the flash-attn package has to be there"
        : "the same result, and faster",
    }];
  },
};
