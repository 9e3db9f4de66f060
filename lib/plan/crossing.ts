import type { CrossingPlan } from "../play/layers/crossing_layer.ts";
import { layerPlanOf } from "./layer_plan.ts";
import { GATE, isCrossing } from "./crossing_kind.ts";
import type { LayerKind } from "./stacks.ts";
import type { StepPlan } from "./step_plan.ts";

/** How a layer attends to features in place of text; null of one that does not. */
export function crossingOf(
  { facts, modulesOf }: Pick<StepPlan, "facts" | "modulesOf">,
  kind: LayerKind,
): Omit<CrossingPlan, "keys"> | null {
  if (!isCrossing(kind)) return null;
  const modules = modulesOf(kind);
  const { rows, attention, mlp, norms } = layerPlanOf(modules, facts);
  const [first, second] = [GATE, "cross_attn_mlp_gate"].map((
    name,
  ) => modules.parameter(name));
  if (
    !attention || !("makeHeads" in attention) || !mlp || !("up" in mlp) ||
    !first || !second
  ) return null;
  return { rows, attention, mlp, norms, gates: [first, second] };
}
