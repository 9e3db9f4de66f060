import type { Band } from "../../evidence/band.ts";
import { bandOf, widened } from "../../evidence/band.ts";
import type { Doubt } from "../../evidence/doubt.ts";
import { doubtOf } from "../../evidence/doubt.ts";
import { stepKindOf } from "../step_kind.ts";
import { codeOf } from "../../plan/code_type.ts";
import type { Step } from "../../engines/step.ts";

/** What is known to be wrong, or not known, about a played step's kind. */
export function stepDoubt(
  { plan: { scenario, model }, implementation }: Step,
): Doubt {
  return doubtOf(
    stepKindOf(scenario, codeOf(model, scenario), implementation),
  );
}

/** The band around a played step, as wide as its kind is doubted. */
export function stepBand(step: Step): Band | null {
  const band = bandOf("timeline", step.plan.scenario);
  return band && widened(band, stepDoubt(step));
}
