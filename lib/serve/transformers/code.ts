import { isFrom, versionOf } from "../../scenario/version.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { GenerationCode } from "./generation.ts";

/**
 * How a release of transformers generates: from 4.45 on it makes the logits of the
 * last token alone, and until 4.44 or a little later a model's code cast them to
 * fp32.
 *
 * Source: huggingface/transformers generation/utils.py of 4.44 and 4.45,
 * num_logits_to_keep; models/llama/modeling_llama.py of 4.44, `logits.float()`
 */
export function generationCode(
  { serve, software }: Scenario,
  { facts: { code } }: StepPlan,
): GenerationCode {
  const isBare = serve.logits_all === true;
  return {
    allLogits: isBare || !isFrom(software.transformers, [4, 45]),
    widensLogits: code.loss.copies.startsWith("cast") &&
      versionOf(software.transformers)?.major === 4,
    picks: !isBare,
  };
}
