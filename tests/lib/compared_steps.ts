import type { ComparedStep } from "../../lib/evidence/doubt_rows.ts";
import type { StepKind } from "../../lib/methods/step_kind.ts";
import { stepKindOf } from "../../lib/methods/step_kind.ts";
import { figureOf } from "../../lib/evidence/figure.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import { estimate } from "../../lib/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";
import { playStep } from "../../lib/engines/step.ts";
import { codeOf } from "../../lib/plan/code_type.ts";
import measured from "../truth/measured.json" with { type: "json" };
import steps from "../truth/steps.json" with { type: "json" };
import stateSpaces from "../truth/traced_state_spaces.json" with {
  type: "json",
};
import hybrids from "../truth/traced_hybrids.json" with { type: "json" };
import encoders from "../truth/traced_encoders.json" with { type: "json" };
import heads from "../truth/traced_heads.json" with { type: "json" };
import converted from "../truth/converted_steps.json" with { type: "json" };
import settings from "../truth/parallel_settings.json" with { type: "json" };
import parallel from "../truth/parallel_steps.json" with { type: "json" };
import traced from "../truth/traced_steps.json" with { type: "json" };
import images from "../truth/traced_images.json" with { type: "json" };
import recentTexts from "../truth/text_steps.json" with { type: "json" };
import varied from "../truth/varied_steps.json" with { type: "json" };
import texts from "../truth/traced_texts.json" with { type: "json" };
import type { Traced } from "./traced.ts";
import { playedOf, refusalOf } from "./traced.ts";
import { variedTexts } from "./varied.ts";
import { saidOf } from "./unsaid.ts";
import { assertOk } from "./results.ts";

/** A traced step with its name, beside what is played. */
export type NamedStep = ComparedStep & { readonly name: string };

const TRACED = [
  traced,
  heads,
  encoders,
  stateSpaces,
  hybrids,
  texts,
  images,
  steps,
  converted,
  variedTexts(varied),
  variedTexts(recentTexts),
] as unknown as Traced[][];

/**
 * Steps of many GPUs that say all of what they did, and that an engine plays:
 * others get no answer of it.
 */
function spreadSteps(): Traced[] {
  const all = [...parallel, ...settings] as unknown as (Traced & {
    unsaid?: string[];
  })[];
  return all.filter(
    (each) => (each.unsaid ?? []).length === 0 && refusalOf(each) === null,
  );
}

/** Every traced step, played and compared: none is left out, and no phase. */
export function comparedSteps(): NamedStep[] {
  return [...TRACED.flat().map(saidOf), ...spreadSteps()].map((each) => {
    const { step, errors } = playedOf(each);
    const { plan, implementation } = step;
    return {
      name: each.name,
      kind: stepKindOf(
        plan.scenario,
        codeOf(plan.model, plan.scenario),
        implementation,
      ),
      errors,
    };
  });
}

/** How far off a report may be whose settings are told in part. */
const MET = 0.1;

interface MeasuredRun {
  readonly confidence: string;
  readonly scenario: ScenarioInput;
  readonly measured: { readonly what: string; readonly bytes: number };
}

/**
 * The kinds of steps that ran on real GPUs, and that are played. Those whose settings
 * are told in part vouch for their kind where they are met.
 */
export function measuredKinds(): StepKind[] {
  const cases = measured as unknown as MeasuredRun[];
  return cases.flatMap((run) => {
    const parsed = parseScenario(run.scenario);
    assertOk(parsed);
    const { task, parallel, model } = parsed.value;
    if (task !== "train") return [];
    const resolved = resolveModel(model);
    assertOk(resolved);
    if (
      parallel.gpus > 1 &&
      "reason" in playStep(parsed.value, resolved.value)
    ) return [];
    if (run.confidence === "low" && !isMet(run)) return [];
    return [
      stepKindOf(parsed.value, codeOf(resolved.value, parsed.value), ""),
    ];
  });
}

function isMet({ scenario, measured: { what, bytes } }: MeasuredRun): boolean {
  const figure = figureOf(estimate(scenario), what);
  return typeof figure !== "string" && Math.abs(figure.bytes / bytes - 1) < MET;
}
