import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import { groupDigits } from "../units/mod.ts";

/** How a method tells that a table of positions ends before the sequence does. */
const STOPS = /^train\.sequence_length .* its code would stop$/;

/**
 * What is said of training on sequences that are longer than the model's context.
 *
 * @param said What the method warns of: where it knows that the code stops, whether
 *   it does is not left open beside.
 */
export function beyondContext(
  { task, train: { sequence_length: tokens } }: Scenario,
  { architecture: { max_position_embeddings: context } }: Model,
  said: readonly string[],
): string[] {
  if (task !== "train" || context === null || tokens <= context) return [];
  return said.some((warning) => STOPS.test(warning)) ? [] : [
    `train.sequence_length ${groupDigits(tokens)} is more than the ${
      groupDigits(context)
    } tokens of the model's context: where positions are learned it stops, else it needs longer rotations`,
  ];
}
