import type { Differential } from "../play/layers/differential_attention.ts";
import type { Parameter } from "../play/torch/values.ts";
import type { Modules } from "./modules.ts";

/** What weighs two attentions against each other; null where there is one. */
export function differentialOf(modules: Modules): Differential | null {
  const [q1, k1, q2, k2] = ["q1", "k1", "q2", "k2"].map((name) =>
    modules.parameter(
      modules.find((own) => own.endsWith(`self_attn.lambda_${name}`)),
    )
  ) as [Parameter | null, Parameter | null, Parameter | null, Parameter | null];
  return q1 && k1 && q2 && k2 ? { first: [q1, k1], second: [q2, k2] } : null;
}
