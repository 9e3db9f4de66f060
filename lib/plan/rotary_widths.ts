import type { StepPlan } from "./step_plan.ts";
import type { LayerFacts } from "./layer_facts.ts";
import type { LayerKind } from "./stacks.ts";

type Facts = Pick<LayerFacts, "architecture" | "family" | "traits" | "code">;

/** Features of a head, in layers of a kind. */
export function headWidthOf(
  { architecture, family }: Pick<Facts, "architecture" | "family">,
  { tensors }: LayerKind,
): number {
  const own = family.attention.widthsByLayer
    ? [...tensors].find(([name]) => /(^|\.)q_norm\.weight$/.test(name))?.[1]
    : undefined;
  return own?.shape[0] ?? architecture.head_dim;
}

/** Features of a head that tables of a pass turn, in layers of a kind. */
export function rotaryWidthOf(facts: Facts, kind: LayerKind): number {
  const { traits, code } = facts;
  if (code.rotary.stands) return 0;
  const width = headWidthOf(facts, kind);
  switch (traits.rotary) {
    case "none":
      return 0;
    case "part":
      return Math.round(width * traits.rotaryShare);
    case "halves":
      return width / 2;
    case "whole":
      return width;
  }
}

/** Features of each table of cosines and sines that a pass makes. */
export function rotaryWidthsOf({ facts, stack }: StepPlan): number[] {
  const { family } = facts;
  const [usual] = stack.kinds;
  if (!usual) return [];
  // One of each kind of layer: those with a window, and those without.
  const widths = family.attention.widthsByLayer
    ? [...new Map(stack.kinds.map((kind) => [kind.sliding === true, kind]))
      .values()].map((kind) => rotaryWidthOf(facts, kind))
    : new Array<number>(family.rotary.tables).fill(
      rotaryWidthOf(facts, usual),
    );
  return widths.filter((width) => width > 0);
}
