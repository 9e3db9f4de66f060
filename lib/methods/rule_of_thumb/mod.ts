import type { Result } from "../../scenario/parse_scenario.ts";
import type { Answer, Question, Uncovered } from "../method.ts";
import { oneTotal } from "../one_total.ts";
import { weightFormat } from "../../scenario/weight_format.ts";
import { parametersByDimensions } from "./parameters.ts";
import { remarks } from "./remarks.ts";
import type { RuleOfThumbSetup } from "./terms.ts";
import { termsOf } from "./terms.ts";
import { uncoveredBy } from "./uncovered_by.ts";
import { ruleBytes } from "./weight_types.ts";

const SUMMARY =
  "Method rule-of-thumb: the weights times 1.2 for inference, 5.2 for training with Adam; weights and adapters times 1.2 for LoRA";

/**
 * The `rule-of-thumb` method: the weights times one factor for inference, one for
 * training with Adam, and one for LoRA with its adapters.
 *
 * Source: the document of vram_calculator.py, which became hf-vram-calc.
 */
export function ruleOfThumb(
  { scenario, model, mesh }: Question,
): Result<Answer> | Uncovered {
  const bytes = ruleBytes(scenario);
  const format = weightFormat(scenario);
  if (bytes === null || format.startsWith("nf4")) {
    return { ok: false, uncovered: `it has no ${format} weights` };
  }
  const missing = uncoveredBy(scenario, mesh);
  if (missing !== null) return { ok: false, uncovered: missing };
  const byDimensions = scenario.rule_of_thumb.count === "dimensions";
  const setup: RuleOfThumbSetup = {
    scenario,
    mesh,
    parameters: byDimensions
      ? parametersByDimensions(model.architecture)
      : model.parameters,
    bytes,
    basis: byDimensions || scenario.quantization.weights !== "none"
      ? "assumed"
      : model.parameters_basis,
  };
  return {
    ok: true,
    value: {
      summary: SUMMARY,
      ...oneTotal(termsOf(setup)),
      host: { peak_bytes: null },
      ...remarks(setup, model),
    },
  };
}
