import type { MethodName } from "../../lib/methods/mod.ts";

/** What each method does, in Markdown. */
export const METHOD_WORDS: Record<MethodName, string> = {
  timeline:
    "one training step played through as allocations and frees; the peak is read off the running sum.",
  factors:
    "parameters × bytes, calibration factors and fixed cushions, all added up as if they stood at once ([factors.md](factors.md)).",
  "engine-formulas":
    "a formula for the model's states under each engine and ZeRO stage, activations by layer, and a share for overhead.",
  multipliers:
    "parameter bytes times a multiplier for the optimizer's states, and activations by layer ([multipliers.md](multipliers.md)).",
  "rule-of-thumb":
    "weight bytes times one factor for training and one for inference ([rule-of-thumb.md](rule-of-thumb.md)).",
};
