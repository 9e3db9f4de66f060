import { codeOf } from "../../plan/code_type.ts";
import type { Step } from "../../engines/step.ts";
import type { StepKind } from "../step_kind.ts";
import { stepKindOf } from "../step_kind.ts";

/** What kind of step was played. */
export function kindOf(
  { plan: { scenario, model }, implementation }: Step,
): StepKind {
  return stepKindOf(scenario, codeOf(model, scenario), implementation);
}
