import { divisorsOf } from "../../../../parallel/nearest.ts";
import { MAX_SEQUENCES } from "../../../../scenario/limits.ts";
import type { Lever } from "../../lever.ts";
import { COST } from "../../lever.ts";

/** Fewer sequences at a time, and as many to an optimizer step as before. */
export const accumulation: Lever = {
  task: "train",
  cost: COST.little,
  propose({ train, optimizer }) {
    const { micro_batch: batch, gradient_accumulation: steps } = train;
    if (optimizer.in_backward) return [];
    return divisorsOf(batch)
      .filter((each) => each < batch && steps * batch / each <= MAX_SEQUENCES)
      .reverse()
      .map((each) => {
        const passes = steps * batch / each;
        return {
          set: {
            "train.micro_batch": each,
            "train.gradient_accumulation": passes,
          },
          words: `Micro batch ${each}, ${passes} accumulated`,
          price:
            "the same batch for the optimizer; smaller passes fill a GPU less well",
        };
      });
  },
};
