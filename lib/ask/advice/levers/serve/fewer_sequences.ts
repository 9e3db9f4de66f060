import { groupDigits } from "../../../../units/mod.ts";
import type { Lever } from "../../lever.ts";
import { COST, countdown } from "../../lever.ts";

/** Fewer sequences at once. */
export const fewerSequences: Lever = {
  task: "serve",
  cost: COST.muchSlower,
  propose: ({ serve: { batch } }) =>
    countdown(batch, 1).map((sequences) => ({
      set: { "serve.batch": sequences },
      words: `${groupDigits(sequences)} ${
        sequences === 1 ? "sequence" : "sequences"
      } at once`,
      price: `the others of ${groupDigits(batch)} users wait`,
    })),
};
