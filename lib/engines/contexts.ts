import { contextKind, isTiled } from "../plan/context.ts";
import type { Scenario } from "../scenario/schema.ts";

/**
 * A scenario as one rank computes it: a part of each sequence.
 *
 * Around PyTorch's ring there is no mask beside the causal one, and its attention is
 * scaled_dot_product_attention's.
 *
 * Source: accelerate big_modeling.py, _attach_context_parallel_hooks
 */
export function computedPart(scenario: Scenario): Scenario {
  const { train, parallel } = scenario;
  if (parallel.cp === 1) return scenario;
  const part = {
    ...train,
    sequence_length: Math.ceil(train.sequence_length / parallel.cp),
  };
  return {
    ...scenario,
    train: contextKind(scenario) === "ulysses"
      ? part
      : { ...part, attention: "sdpa", padding_mask: false },
  };
}

/**
 * Why sequences cannot be shared as a scenario has it; null where they can.
 *
 * @param kind The one way that the engine has.
 */
export function refusedContext(
  scenario: Scenario,
  kind: "ring" | "ulysses",
): string | null {
  const { train, parallel, engine } = scenario;
  const { cp } = parallel;
  if (cp === 1) return null;
  const asked = contextKind(scenario);
  if (asked !== kind) {
    return `parallel.cp_kind ${asked} is not played with engine.name ${engine.name}, whose way is ${kind}`;
  }
  if (train.attention === "eager") {
    return `parallel.cp ${cp} needs a kernel of attention: train.attention is eager; flash or sdpa shares sequences`;
  }
  // A rank of a ring has a part of the sequence's beginning and one of its end.
  const parts = kind === "ring" ? 2 * cp : cp;
  const { sequence_length } = train;
  if (sequence_length % parts !== 0) {
    const nearest = Math.max(1, Math.round(sequence_length / parts)) * parts;
    return `train.sequence_length ${sequence_length} is no multiple of the ${parts} parts that parallel.cp ${cp} cuts sequences to: the nearest that is is ${nearest}`;
  }
  return null;
}

/** What is taken for granted of ranks that share sequences. */
export function contextAssumptions(scenario: Scenario): string[] {
  const { parallel, train } = scenario;
  if (parallel.cp === 1) return [];
  if (isTiled(scenario)) {
    return [
      "train.loss chunked beside Ulysses is taken for ALST's tiles: of 1 GiB of fp32 logits each, and of MLPs as many as the rank's tokens hold the hidden size",
    ];
  }
  return contextKind(scenario) === "ring" && train.attention !== "sdpa"
    ? [
      `parallel.cp: PyTorch's ring attends by scaled_dot_product_attention, whatever train.attention ${train.attention} says`,
    ]
    : [];
}
