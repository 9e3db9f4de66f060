import type { LayerFacts } from "./layer_plan.ts";
import type { LayerKind } from "./stacks.ts";
import type { Windows } from "./sliding.ts";

/** A mask that a model makes for its layers before the first of them runs. */
export interface Mask {
  readonly elements: number;
  /** Whether it holds truth values, or numbers that are added to scores. */
  readonly isTruth: boolean;
}

/**
 * The masks of queries and keys that a decoder of transformers makes: for sdpa
 * only where a kernel cannot do with a flag, for eager attention always.
 *
 * Source: huggingface/transformers masking_utils.py, sdpa_mask, eager_mask and
 * _ignore_causal_mask_sdpa
 */
export function masksOf(
  { batch, sequence, attention, code }: LayerFacts,
  windows: Windows,
  kinds: readonly LayerKind[],
): Mask[] {
  const { implementation, masked, keyMask } = attention;
  const attends = kinds.some(({ tensors }) =>
    [...tensors.values()].some(({ role }) =>
      ["q", "qkv", "attention"].includes(role)
    )
  );
  if (
    !attends || !code.makesMasks || keyMask ||
    implementation === "flash"
  ) {
    return [];
  }
  const isTruth = implementation === "sdpa";
  const mask = (times: number): Mask => ({
    elements: times * sequence ** 2,
    isTruth,
  });
  if (implementation === "eager") {
    return windows.both ? [mask(batch), mask(batch)] : [mask(batch)];
  }
  return [
    ...(masked && (windows.both || windows.size === null) ? [mask(batch)] : []),
    ...(windows.size !== null && (masked || sequence >= windows.size)
      ? [mask(masked ? batch : 1)]
      : []),
  ];
}

/** What is known of a layer, with its positions and the mask its window needs. */
export function factsOfKind(
  whole: LayerFacts,
  { sliding, unturned }: LayerKind,
  windows: Windows,
): LayerFacts {
  const facts: LayerFacts = unturned
    ? { ...whole, traits: { ...whole.traits, rotary: "none" } }
    : whole;
  const { attention, sequence } = facts;
  const cuts = sliding === true && windows.size !== null &&
    sequence >= windows.size;
  return cuts && attention.implementation === "sdpa"
    ? { ...facts, attention: { ...attention, masked: true } }
    : facts;
}
