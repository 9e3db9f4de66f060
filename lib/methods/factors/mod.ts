import type { Result } from "../../scenario/parse_scenario.ts";
import { oneTotal } from "../one_total.ts";
import type { Answer, Question } from "../method.ts";
import { activations } from "./activations.ts";
import { remarks } from "./remarks.ts";
import { loraParameters } from "./lora_parameters.ts";
import { cushions, stepOverheads } from "./overheads.ts";
import { factorsServing } from "./serving.ts";
import type { FactorsSetup } from "./setup.ts";
import { setupOf } from "./setup.ts";
import { trainableState } from "./trainable_state.ts";
import { weights } from "./weights.ts";

const SUMMARY =
  "Method factors: parameters × bytes, calibration factors and fixed cushions, all added up as if they stood at once";

/**
 * The `factors` method: every part of a training step from parameter counts,
 * calibration factors and fixed cushions, all added up as if they stood at once.
 *
 * Source: the reference of MiaoDX/llm_vlm_memory_estimator; where its text is
 * silent, its program at commit 0e8e1ce.
 */
export function factors(question: Question): Result<Answer> {
  const { scenario, model, mesh } = question;
  const parameters = trainableParameters(question);
  const setup = setupOf(scenario, model, mesh, parameters);
  if (setup === null) {
    return {
      ok: false,
      problems: [{
        path: "quantization.weights",
        message:
          `quantization.weights must be a GGUF type whose size is known: current value is "${scenario.quantization.weights}"`,
      }],
    };
  }
  const served = scenario.task === "serve" ? factorsServing(setup) : null;
  const said = remarks(setup, question.trainable);
  return {
    ok: true,
    value: {
      summary: SUMMARY,
      ...oneTotal(served?.terms ?? training(setup)),
      ...(served ? { kv: served.kv } : {}),
      host: { peak_bytes: null },
      assumptions: said.assumptions,
      warnings: said.warnings,
    },
  };
}

function training(setup: FactorsSetup): ReturnType<typeof activations> {
  return [
    weights(setup),
    ...trainableState(setup),
    ...activations(setup),
    ...cushions(setup.scenario),
    ...stepOverheads(setup),
  ];
}

/** The method's own count of adapters; for anything else the exact one. */
function trainableParameters(
  { scenario, model, trainable }: Question,
): number {
  const { task, train } = scenario;
  return task === "serve" || train.method === "full"
    ? trainable
    : loraParameters(scenario, model, trainable);
}
