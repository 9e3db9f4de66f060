import type { LayerFacts } from "../../plan/layer_facts.ts";

/** Why transformers deals a model's experts out to no ranks; null where it does. */
export function undispatched(
  { dispatch, code, family, architecture: { type } }: Pick<
    LayerFacts,
    "dispatch" | "code" | "family" | "architecture"
  >,
): string | null {
  if (dispatch === null) return null;
  const { ranks } = dispatch;
  if (family.routing.every) {
    return `parallel.ep ${ranks} is not played of models of type ${type}: transformers has no plan that deals their experts out`;
  }
  return code.experts === "grouped"
    ? null
    : `parallel.ep ${ranks} needs experts that run in one grouped product: software.transformers 5 with software.torch from 2.9`;
}
