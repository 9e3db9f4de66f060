import { groupDigits } from "../../../../units/mod.ts";
import type { Lever } from "../../lever.ts";
import { COST, fewerThan } from "../../lever.ts";

/** Fewer tokens teach little. */
const LEAST_TOKENS = 128;
/** Lengths that kernels like. */
const STEP = 64;

/** Shorter sequences. */
export const sequenceLength: Lever = {
  task: "train",
  cost: COST.another,
  propose: ({ train: { sequence_length, prompt_tokens, completion_tokens } }) =>
    // Their sum is the length, and which of them may shrink is the user's to say.
    prompt_tokens !== null || completion_tokens !== null
      ? []
      : fewerThan(sequence_length, LEAST_TOKENS, STEP).map((tokens) => ({
        set: { "train.sequence_length": tokens },
        words: `Sequences of ${groupDigits(tokens)} tokens`,
        price: "other training data: longer samples are cut or split",
      })),
};
