import type { Dtype } from "../dtype.ts";
import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";
import type { AdaptedLinear } from "./adapted_linear.ts";
import { cast } from "./arithmetic.ts";

/** A loss, and the logits that the caller is handed. */
export interface TakenLoss {
  readonly loss: Value;
  readonly logits: readonly Value[];
}

/** Takes the loss of so many rows of hidden states, which its caller holds. */
export type HeadLoss = (
  m: Machine,
  hidden: Value,
  rows: number,
  head: AdaptedLinear,
) => TakenLoss;

/** What hidden states are called that are cast for the head. */
export const HEAD_INPUT = "input of the head";

/**
 * A loss that makes no logits of all tokens, of hidden states cast for the head.
 *
 * @param input The type that model code casts them to; null for none.
 */
export function lossOfCast(
  input: Dtype | null,
  take: (
    m: Machine,
    hidden: Value,
    rows: number,
    head: AdaptedLinear,
  ) => Value,
): HeadLoss {
  return (m, hidden, rows, head) => {
    const read = input ? cast(m, hidden, input, HEAD_INPUT) : hidden;
    const loss = take(m, read, rows, head);
    if (read !== hidden) m.drop(read);
    return { loss, logits: [] };
  };
}
