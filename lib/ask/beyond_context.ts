import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import { groupDigits } from "../units/mod.ts";

/** What is said of training on sequences that are longer than the model's context. */
export function beyondContext(
  { task, train: { sequence_length: tokens } }: Scenario,
  { architecture: { max_position_embeddings: context } }: Model,
): string[] {
  return task !== "train" || context === null || tokens <= context ? [] : [
    `train.sequence_length ${groupDigits(tokens)} is more than the ${
      groupDigits(context)
    } tokens of the model's context: where positions are learned it stops, else it needs longer rotations`,
  ];
}
