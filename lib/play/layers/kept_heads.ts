import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";

/** Keys and values that attention looks at, of those kept and the new ones. */
export interface SeenHeads {
  readonly keys: Value;
  readonly values: Value;
  /** Tokens of each sequence among them. */
  readonly seen: number;
}

/**
 * Keeps keys and values, or the latents that they are made of, between tokens: takes
 * the new ones over from its caller, and gives what attention reads.
 */
export type HeadKeeper = (m: Machine, keys: Value, values: Value) => SeenHeads;
