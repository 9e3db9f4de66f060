import { spellingOf } from "../../optimizers/spellings.ts";
import type { Scenario } from "../../scenario/schema.ts";

type Optimizer = Scenario["optimizer"];

/** The Trainer's name of an optimizer; null where it has none. */
export function trainerOptimizer(optimizer: Optimizer): string | null {
  return spellingOf(optimizer, ["transformers"]);
}

/** Axolotl's name of an optimizer, the Trainer's or its own; null where it has none. */
export function axolotlOptimizer(optimizer: Optimizer): string | null {
  return spellingOf(optimizer, ["transformers", "axolotl"]);
}

/** DeepSpeed's type of an optimizer, whatever runs it; null where it has none. */
export function deepspeedOptimizer(optimizer: Optimizer): string | null {
  return spellingOf({ ...optimizer, implementation: "auto" }, ["deepspeed"]);
}
