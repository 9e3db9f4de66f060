import type { Scenario } from "../../scenario/schema.ts";

/** What a forward pass of an objective reads. */
export interface Batch {
  /** Sequences of the pass: two of each pair. */
  readonly sequences: number;
  readonly tokens: number;
  /** Tokens that are scored, of all sequences. */
  readonly scored: number;
  /** Whole numbers beside the ids: masks and labels. */
  readonly labels: number;
}

/** Objectives whose examples are pairs. */
const PAIRED: ReadonlySet<string> = new Set([
  "dpo",
  "orpo",
  "reward",
  "embedding",
]);

/** The batch of a scenario's objective. */
export function batchOf(
  { train }: Pick<Scenario, "train">,
  objective: string,
): Batch {
  const sequences = train.micro_batch * (PAIRED.has(objective) ? 2 : 1);
  const tokens = train.sequence_length;
  // The first token follows nothing, and is never scored.
  const most = Math.max(tokens - 1, 1);
  const { completion_tokens: completion, prompt_tokens: prompt } = train;
  const each = completion ?? tokens - (prompt ?? 0);
  const other = objective === "dpo" ? train.rejected_tokens ?? each : each;
  // Pairs are padded to the longer one.
  const scored = (sequences / 2) * [each, other]
    .reduce((sum, length) => sum + Math.min(Math.max(length, 1), most), 0);
  return {
    sequences,
    tokens,
    scored,
    labels: (LABELS[objective] ?? 2) * sequences * tokens,
  };
}

/** Masks and labels of each token, by objective. */
const LABELS: Readonly<Record<string, number>> = {
  // attention_mask, completion_mask, and the labels that are made of it
  dpo: 3,
  reward: 1,
  classification: 1,
  embedding: 1,
  sft: 2,
  // what it shares with dpo, and the ids and masks of the unrelated pairs
  kto: 6,
};
