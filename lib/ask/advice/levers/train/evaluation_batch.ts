import type { Lever } from "../../lever.ts";
import { COST, fewerThan } from "../../lever.ts";

/** Fewer sequences of an evaluation at a time. */
export const evaluationBatch: Lever = {
  task: "train",
  cost: COST.little,
  propose: ({ train: { evaluation: { micro_batch } } }) =>
    fewerThan(micro_batch ?? 1, 1).map((batch) => ({
      set: { "train.evaluation.micro_batch": batch },
      words: `Evaluation batch ${batch}`,
      price: "the same evaluation, a little slower; training stays as it is",
    })),
};

/** Logits of an evaluation that go to the host more often. */
export const evaluationLogits: Lever = {
  task: "train",
  cost: COST.little,
  propose: ({ train: { evaluation: { micro_batch, kept_batches } } }) =>
    micro_batch === null ? [] : fewerThan(kept_batches, 1).map((batches) => ({
      set: { "train.evaluation.kept_batches": batches },
      words: `Evaluation logits of ${batches} batches on the GPU`,
      price:
        "the same metrics: logits go to the host after so many batches (eval_accumulation_steps)",
    })),
};
