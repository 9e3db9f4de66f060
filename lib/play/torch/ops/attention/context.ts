import type { Exchange } from "../../../memory/tape.ts";
import type { Dtype } from "../../dtype.ts";
import { DTYPE_BYTES } from "../../dtype.ts";

/** How ranks that hold parts of a sequence attend to all of it. */
export type Context =
  | { readonly kind: "ring"; readonly ring: Ring }
  | { readonly kind: "ulysses"; readonly ranks: number };

/** How ranks share a sequence whose keys and values go around among them. */
export interface Ring {
  readonly ranks: number;
  /** Which of them this is. */
  readonly rank: number;
  /**
   * Whether each has a part of the sequence's beginning and one of its end, so that
   * a causal mask gives all as much to do.
   */
  readonly balanced: boolean;
}

/** What a rank computes of its queries and the keys and values of a step. */
export type RingStep = "whole" | "half of the keys" | "half of the queries";

/**
 * What of each step's keys and values is looked at; null: nothing.
 *
 * Source: pytorch torch/distributed/tensor/experimental/_context_parallel/
 * _attention.py, _is_causal_behavior, _templated_ring_attention
 */
export function ringSteps(
  { ranks, rank, balanced }: Ring,
  causal: boolean,
): (RingStep | null)[] {
  return Array.from({ length: ranks }, (_, at): RingStep | null => {
    if (at === 0 || !causal) return "whole";
    if (!balanced) return at <= rank ? "whole" : null;
    return at <= rank ? "half of the keys" : "half of the queries";
  });
}

/** Whether a rank's output was put together of halves, and so lies head by head. */
export function liesByHead(ring: Ring, causal: boolean): boolean {
  return ringSteps(ring, causal).includes("half of the queries");
}

/** Ranks of a ring gather all keys and values at once. */
export function gatheredPair(
  elements: number,
  dtype: Dtype,
): Omit<Exchange, "times"> {
  return {
    collective: "all-gather",
    group: "context",
    bytes: elements * DTYPE_BYTES[dtype],
    what: "keys and values",
  };
}
