import type { Mask } from "../play/layers/mask.ts";
import type { LayerFacts } from "./layer_facts.ts";
import type { LayerKind } from "./stacks.ts";
import type { Windows } from "./sliding.ts";

/** The masks that a model makes for its layers before the first of them runs. */
export function masksOf(
  { batch, sequence, attention, code }: LayerFacts,
  windows: Windows,
  kinds: readonly LayerKind[],
): readonly Mask[] {
  const attends = kinds.some(({ tensors }) =>
    [...tensors.values()].some(({ role }) =>
      ["q", "qkv", "attention"].includes(role)
    )
  );
  const { implementation, masked } = attention;
  return attends
    ? code.masksOf({ batch, sequence, implementation, masked, windows })
    : [];
}

/** What is known of a layer, with its positions and the mask its window needs. */
export function factsOfKind(
  whole: LayerFacts,
  { sliding, unturned, cutsGate = false }: LayerKind,
  windows: Windows,
): LayerFacts {
  const { rotary } = whole.traits;
  const facts: LayerFacts = unturned || cutsGate
    ? {
      ...whole,
      traits: {
        ...whole.traits,
        rotary: unturned ? "none" : rotary,
        cutsGate,
      },
    }
    : whole;
  const { attention, sequence } = facts;
  const cuts = sliding === true && windows.size !== null &&
    sequence >= windows.size;
  return cuts && attention.implementation === "sdpa"
    ? { ...facts, attention: { ...attention, masked: true } }
    : facts;
}
