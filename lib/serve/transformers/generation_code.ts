import { isFrom, versionOf } from "../../scenario/version.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { StepPlan } from "../../plan/step_plan.ts";

/** What a release of transformers does when it generates. */
export interface GenerationCode {
  /** Whether a prompt's logits are made of all its tokens. */
  readonly allLogits: boolean;
  /** Whether logits are cast to fp32 by the model's code. */
  readonly widensLogits: boolean;
  /** Whether next tokens are picked: not of a bare forward pass. */
  readonly picks: boolean;
  /** Whether a mask makes sdpa repeat shared heads for a single token too. */
  readonly repeatsMasked: boolean;
  /** Whether attention is arithmetic throughout: gpt-fast's decode_one_token. */
  readonly byArithmetic: boolean;
  /** Whether latents are cached as the keys and values that are made of them. */
  readonly expandsLatents: boolean;
}

/**
 * How a release of transformers generates: from 4.45 on it makes the logits of the
 * last token alone, and until 4.44 or a little later a model's code cast them to
 * fp32. Latents are cached as they are from 5.15 on, and from 5.23 on a single token
 * with a mask finds its shared heads packed.
 *
 * Source: huggingface/transformers generation/utils.py of 4.44 and 4.45,
 * num_logits_to_keep; models/llama/modeling_llama.py of 4.44, `logits.float()`;
 * models/deepseek_v3/modeling_deepseek_v3.py of 5.15, expand_kv;
 * integrations/sdpa_attention.py of 5.23, pack_gqa
 */
export function generationCode(
  { serve, software }: Scenario,
  { facts: { code } }: StepPlan,
): GenerationCode {
  const isBare = serve.logits_all === true;
  return {
    // Other programs' models give the logits of all tokens that they are given.
    allLogits: isBare || software.model_code !== "transformers" ||
      !isFrom(software.transformers, [4, 45]),
    widensLogits: code.loss.copies.startsWith("cast") &&
      versionOf(software.transformers)?.major === 4,
    picks: !isBare,
    repeatsMasked: !isFrom(software.transformers, [5, 23]),
    byArithmetic: software.model_code === "gpt-fast",
    expandsLatents: !isFrom(software.transformers, [5, 15]),
  };
}
