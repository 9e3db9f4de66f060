import { codeOf } from "../../plan/code_type.ts";
import type { Step } from "../../engines/step.ts";
import type { StepKind } from "../step_kind.ts";
import { stepKindOf } from "../step_kind.ts";

/** What kind of step was played: that of the types which ranks compute in. */
export function kindOf(
  { scenario: asked, plan: { scenario, model }, implementation }: Step,
): StepKind {
  const kind = stepKindOf(scenario, codeOf(model, scenario), implementation);
  const { weights } = scenario.precision;
  return weights === asked.precision.weights
    ? kind
    : { ...kind, computed: weights };
}
