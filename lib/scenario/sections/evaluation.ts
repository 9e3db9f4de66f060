import { z } from "zod";
import { field } from "../about.ts";
import { count, tokens } from "../fields.ts";
import { MAX_SEQUENCES, MAX_TOKENS } from "../limits.ts";
import type { Need } from "../needs.ts";

const evaluated: Need = { path: "train.evaluation.micro_batch", not: [null] };

/** What a trainer evaluates between two steps. */
const evaluation = z.strictObject({
  micro_batch: field(count(1, MAX_SEQUENCES).nullable().default(null), {
    group: "objective",
    label: "Evaluation batch",
    help:
      "sequences per GPU of an evaluation between two steps (per_device_eval_batch_size); null: there is none",
    blank: "no evaluation",
    flag: "--eval-batch",
  }),
  sequence_length: field(tokens(1, MAX_TOKENS).nullable().default(null), {
    group: "objective",
    label: "Evaluation sequence length",
    unit: "tokens",
    help: "tokens of a sequence of an evaluation; null: as in training",
    blank: "as in training",
    flag: "--eval-seq-len",
    needs: [evaluated],
  }),
  kept_batches: field(count(0, MAX_SEQUENCES).default(0), {
    group: "objective",
    label: "Evaluation batches kept",
    help:
      "batches of an evaluation whose logits stay on the GPU, where metrics are computed from them (eval_accumulation_steps, or all batches of the set); 0: the loss alone is kept",
    flag: "--eval-kept-batches",
    needs: [evaluated],
  }),
});

/** Fields of `train` about evaluation. */
export const evaluationFields = {
  evaluation: z.preprocess(
    (value) => value === null ? {} : value,
    evaluation,
  ).prefault({}),
} as const;
